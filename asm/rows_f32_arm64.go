//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func copyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	if isa.Current() < isa.NEON {
		copyRowsF32Generic(dst, dstStride, src, srcStride, rows, n)
		return
	}
	d, s := (*uint8)(unsafe.Pointer(unsafe.SliceData(dst))), (*uint8)(unsafe.Pointer(unsafe.SliceData(src)))
	copyRowsU8_neon_asm(d, 4*dstStride, s, 4*srcStride, rows, 4*n)
}

// splitRowsF32 moves blocks of columns, of which the last may overlap the one
// before, and an odd last column.
func splitRowsF32(even, odd []float32, dstStride int, src []float32, srcStride, rows, n int) {
	whole := 0
	if isa.Current() >= isa.NEON && n >= 8 {
		whole = n &^ 1
		splitRowsF32_neon_asm(unsafe.SliceData(even), unsafe.SliceData(odd), dstStride, unsafe.SliceData(src), srcStride, rows, whole)
	}
	splitRowsF32Generic(even, odd, dstStride, src, srcStride, rows, whole, n)
}

func gatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	whole := 0
	if isa.Current() >= isa.NEON && n >= 4 {
		whole = n &^ 3
		if !gatherF32_neon_asm(unsafe.SliceData(dst), stride, unsafe.SliceData(src), len(src)-n, unsafe.SliceData(offsets), len(offsets), n/4) {
			panic(shortSrc)
		}
	}
	if whole < n {
		gatherF32Generic(dst, stride, src, offsets, whole, n)
	}
}

func finishF32(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	if whole := len(dst) &^ 3; isa.Current() >= isa.NEON && whole > 0 {
		finishF32_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(acc), unsafe.SliceData(res), bias, lo, hi, whole/4)
		dst, acc = dst[whole:], acc[whole:]
		if res != nil {
			res = res[whole:]
		}
	}
	finishF32Generic(dst, acc, bias, res, lo, hi)
}

//go:noescape
func splitRowsF32_neon_asm(even, odd *float32, dstStride int, src *float32, srcStride, rows, n int)

//go:noescape
func gatherF32_neon_asm(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, groups int) (ok bool)

//go:noescape
func finishF32_neon_asm(dst, acc, res *float32, bias, lo, hi float32, groups int)
