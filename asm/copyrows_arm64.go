//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func copyRowsU8(dst []uint8, dstStride int, src []uint8, srcStride, rows, n int) {
	if isa.Current() < isa.NEON || n < 4 {
		copyRowsU8Generic(dst, dstStride, src, srcStride, rows, n)
		return
	}
	copyRowsU8_neon_asm(unsafe.SliceData(dst), dstStride, unsafe.SliceData(src), srcStride, rows, n)
}

//go:noescape
func copyRowsU8_neon_asm(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)
