//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./rows_f32 -out ../rows_f32_amd64.s

func copyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	if isa.Current() < isa.AVX2 {
		copyRowsF32Generic(dst, dstStride, src, srcStride, rows, n)
		return
	}
	copyRowsU8(bytesOf(dst), 4*dstStride, bytesOf(src), 4*srcStride, rows, 4*n)
}

// bytesOf is the memory of x.
func bytesOf(x []float32) []uint8 {
	return unsafe.Slice((*uint8)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// splitRowsF32 moves blocks of columns, of which the last may overlap the one
// before, and an odd last column.
func splitRowsF32(even, odd []float32, dstStride int, src []float32, srcStride, rows, n int) {
	d, e, s := unsafe.SliceData(even), unsafe.SliceData(odd), unsafe.SliceData(src)
	whole := n &^ 1
	switch {
	case isa.Current() < isa.AVX2 || n < 8:
		whole = 0
	case n < 16:
		splitRowsF32_8_avx2_asm(d, e, dstStride, s, srcStride, rows, whole)
	default:
		splitRowsF32_16_avx2_asm(d, e, dstStride, s, srcStride, rows, whole)
	}
	splitRowsF32Generic(even, odd, dstStride, src, srcStride, rows, whole, n)
}

func gatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	level := isa.Current()
	if level < isa.AVX2 {
		gatherF32Generic(dst, stride, src, offsets, 0, n)
		return
	}
	for ; n > 0; n -= 32 {
		w := min(n, 32)
		d, s, o := unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(offsets)
		var ok bool
		if level >= isa.AVX512VNNI && w >= 16 {
			ok = gatherF32_avx512_asm(d, stride, s, len(src)-w, o, len(offsets), w)
		} else {
			ok = gatherF32_avx2_asm(d, stride, s, len(src)-w, o, len(offsets), w)
		}
		if !ok {
			panic(shortSrc)
		}
		if n > w {
			dst, src = dst[w:], src[w:]
		}
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
func splitRowsF32_8_avx2_asm(even, odd *float32, dstStride int, src *float32, srcStride, rows, n int)

//go:noescape
func splitRowsF32_16_avx2_asm(even, odd *float32, dstStride int, src *float32, srcStride, rows, n int)

//go:noescape
func gatherF32_avx2_asm(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, n int) (ok bool)

//go:noescape
func gatherF32_avx512_asm(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, n int) (ok bool)

//go:noescape
func finishF32_avx2_asm(dst, acc, res *float32, bias, lo, hi float32, groups int)
