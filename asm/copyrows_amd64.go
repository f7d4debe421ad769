//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./copyrows -out ../copyrows_amd64.s

func copyRowsU8(dst []uint8, dstStride int, src []uint8, srcStride, rows, n int) {
	if isa.Current() < isa.AVX2 || n < 4 {
		copyRowsU8Generic(dst, dstStride, src, srcStride, rows, n)
		return
	}
	d, s := unsafe.SliceData(dst), unsafe.SliceData(src)
	switch {
	case n >= 32:
		copyRowsU8_32_avx2_asm(d, dstStride, s, srcStride, rows, n)
	case n >= 16:
		copyRowsU8_16_avx2_asm(d, dstStride, s, srcStride, rows, n)
	case n >= 8:
		copyRowsU8_8_avx2_asm(d, dstStride, s, srcStride, rows, n)
	default:
		copyRowsU8_4_avx2_asm(d, dstStride, s, srcStride, rows, n)
	}
}

//go:noescape
func copyRowsU8_32_avx2_asm(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)

//go:noescape
func copyRowsU8_16_avx2_asm(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)

//go:noescape
func copyRowsU8_8_avx2_asm(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)

//go:noescape
func copyRowsU8_4_avx2_asm(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)
