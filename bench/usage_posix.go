//go:build linux || darwin || freebsd || openbsd

package bench

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// processTime is the processor time of the process so far.
func processTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// peakMemory is the largest resident size of the process so far, in bytes.
func peakMemory() int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	rss := int64(u.Maxrss)
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return rss // already bytes there
	}
	return rss * 1024
}
