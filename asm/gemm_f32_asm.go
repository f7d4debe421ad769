//go:build !purego && (amd64 || arm64)

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

// newGemmF32 makes the table row of an assembly kernel, which trusts its
// arguments.
func newGemmF32(name string, level isa.Level, mr, nr int, kernel func(c *float32, ldc int, a, b *float32, k int)) GemmF32 {
	run := func(c []float32, ldc int, a, b []float32, k int) {
		checkGemmF32(mr, nr, c, ldc, a, b, k)
		kernel(unsafe.SliceData(c), ldc, unsafe.SliceData(a), unsafe.SliceData(b), k)
	}
	return GemmF32{Name: name, Level: level, MR: mr, NR: nr, Run: run}
}
