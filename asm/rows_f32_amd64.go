//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./rows_f32 -out ../rows_f32_amd64.s

func copyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	whole := 0
	if isa.Current() >= isa.AVX2 && n >= 8 {
		whole = n &^ 7
		copyRowsF32_avx2_asm(unsafe.SliceData(dst), dstStride, unsafe.SliceData(src), srcStride, rows, n/8)
	}
	if whole < n {
		copyRowsF32Generic(dst, dstStride, src, srcStride, rows, whole, n)
	}
}

func gatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	whole := 0
	if isa.Current() >= isa.AVX2 && n >= 8 {
		whole = n &^ 7
		if !gatherF32_avx2_asm(unsafe.SliceData(dst), stride, unsafe.SliceData(src), len(src)-n, unsafe.SliceData(offsets), len(offsets), n/8) {
			panic(shortSrc)
		}
	}
	if whole < n {
		gatherF32Generic(dst, stride, src, offsets, whole, n)
	}
}

func finishF32(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	if whole := len(dst) &^ 7; isa.Current() >= isa.AVX2 && whole > 0 {
		finishF32_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(acc), unsafe.SliceData(res), bias, lo, hi, whole/8)
		dst, acc = dst[whole:], acc[whole:]
		if res != nil {
			res = res[whole:]
		}
	}
	finishF32Generic(dst, acc, bias, res, lo, hi)
}

//go:noescape
func copyRowsF32_avx2_asm(dst *float32, dstStride int, src *float32, srcStride, rows, groups int)

//go:noescape
func gatherF32_avx2_asm(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, groups int) (ok bool)

//go:noescape
func finishF32_avx2_asm(dst, acc, res *float32, bias, lo, hi float32, groups int)
