package kernel

import (
	"syscall"
	"unsafe"
)

// LargePages asks the system to move x to pages of 2 MB. A run reads all weights
// and buffers once, one after the other, and from pages of 4 KB that is slower
// than the memory is. Neighbours of x in the heap move too, which changes nothing
// for them. It is no more than a wish: x may be small, the system may not know
// it (Linux before 6.1) or have no such page.
func LargePages(x []float32) {
	const page, collapse, least = 2 << 20, 25, 1 << 16 // bytes, MADV_COLLAPSE, elements
	if len(x) < least {
		return
	}
	first := uintptr(unsafe.Pointer(&x[0])) &^ (page - 1)
	last := uintptr(unsafe.Pointer(&x[len(x)-1]))
	for p := first; p <= last; p += page {
		syscall.Syscall(syscall.SYS_MADVISE, p, page, collapse)
	}
}
