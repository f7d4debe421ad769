//go:build !(linux || darwin || freebsd || openbsd)

package bench

import "time"

// processTime is not available here.
func processTime() time.Duration { return 0 }

// peakMemory is not available here.
func peakMemory() int64 { return 0 }
