//go:build !linux

package kernel

// LargePages does nothing on this system.
func LargePages([]float32) {}
