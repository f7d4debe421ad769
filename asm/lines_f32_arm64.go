//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

// whole is the number of leading elements of n that the vector loops handle.
func whole(n int) int {
	if isa.Current() < isa.NEON {
		return 0
	}
	return n &^ 7
}

func affineF32(dst, x []float32, scale, shift, lo, hi float32) {
	n := whole(len(dst))
	if n > 0 {
		affineF32_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(x), scale, shift, lo, hi, n/8)
	}
	affineF32Generic(dst[n:], x[n:], scale, shift, lo, hi)
}

func combineF32(dst, x, y []float32, a, b, c float32) {
	n := whole(len(dst))
	if n > 0 {
		combineF32_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), a, b, c, n/8)
	}
	combineF32Generic(dst[n:], x[n:], y[n:], a, b, c)
}

func maskF32(dst, x, y []float32, lo, hi float32) {
	n := whole(len(dst))
	if n > 0 {
		maskF32_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(y), lo, hi, n/8)
	}
	maskF32Generic(dst[n:], x[n:], y[n:], lo, hi)
}

func momentsF32(sums *[16]float32, x, y []float32, center float32) {
	n := whole(len(x))
	if n > 0 {
		momentsF32_neon_asm(&sums[0], unsafe.SliceData(x), unsafe.SliceData(y), center, n/8)
	}
	momentsF32Generic(sums, x[n:], y[n:], center)
}

// transposeF32 moves blocks of 4 x 4 and what is left over element by element.
func transposeF32(dst []float32, dstStride int, src []float32, srcStride, rows, columns int) {
	m, n := 0, 0
	if isa.Current() >= isa.NEON && rows >= 4 && columns >= 4 {
		m, n = rows&^3, columns&^3
	}
	for i := 0; i < m; i += 4 {
		transposeF32_neon_asm(&dst[i], dstStride, &src[i*srcStride], srcStride, n/4)
	}
	if n < columns {
		transposeF32Generic(dst[n*dstStride:], dstStride, src[n:], srcStride, m, columns-n)
	}
	if m < rows {
		transposeF32Generic(dst[m:], dstStride, src[m*srcStride:], srcStride, rows-m, columns)
	}
}

//go:noescape
func affineF32_neon_asm(dst, x *float32, scale, shift, lo, hi float32, groups int)

//go:noescape
func combineF32_neon_asm(dst, x, y *float32, a, b, c float32, groups int)

//go:noescape
func maskF32_neon_asm(dst, x, y *float32, lo, hi float32, groups int)

//go:noescape
func momentsF32_neon_asm(sums, x, y *float32, center float32, groups int)

//go:noescape
func transposeF32_neon_asm(dst *float32, dstStride int, src *float32, srcStride, groups int)
