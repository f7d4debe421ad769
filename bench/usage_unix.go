//go:build unix

package bench

import (
	"runtime"
	"syscall"
	"time"
)

// usage is what the system accounts to the process.
func usage() syscall.Rusage {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return syscall.Rusage{}
	}
	return u
}

// processTime is the processor time of the process so far.
func processTime() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the largest resident size of the process so far, in bytes.
func peakMemory() int64 {
	rss := int64(usage().Maxrss)
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return rss // already bytes there
	}
	return rss * 1024
}
