//go:build !purego

package asm

import "unsafe"

//go:generate go run -C _asm ./rows_f32 -out ../rows_f32_amd64.s

func copyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	w := whole(n)
	if w > 0 {
		copyRowsF32_avx2_asm(unsafe.SliceData(dst), dstStride, unsafe.SliceData(src), srcStride, rows, w/8)
	}
	if w < n {
		copyRowsF32Generic(dst, dstStride, src, srcStride, rows, w, n)
	}
}

func gatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	w := whole(n)
	if w > 0 && !gatherF32_avx2_asm(unsafe.SliceData(dst), stride, unsafe.SliceData(src), len(src)-n,
		unsafe.SliceData(offsets), len(offsets), w/8) {
		panic(shortSrc)
	}
	if w < n {
		gatherF32Generic(dst, stride, src, offsets, w, n)
	}
}

func finishF32(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	w := whole(len(dst))
	if w > 0 {
		finishF32_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(acc), unsafe.SliceData(res), bias, lo, hi, w/8)
	}
	if res != nil {
		res = res[w:]
	}
	finishF32Generic(dst[w:], acc[w:], bias, res, lo, hi)
}

//go:noescape
func copyRowsF32_avx2_asm(dst *float32, dstStride int, src *float32, srcStride, rows, groups int)

//go:noescape
func gatherF32_avx2_asm(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, groups int) (ok bool)

//go:noescape
func finishF32_avx2_asm(dst, acc, res *float32, bias, lo, hi float32, groups int)
