//go:build purego || !(amd64 || arm64)

package asm

func affineF32(dst, x []float32, scale, shift, lo, hi float32) {
	affineF32Generic(dst, x, scale, shift, lo, hi)
}

func combineF32(dst, x, y []float32, a, b, c float32) { combineF32Generic(dst, x, y, a, b, c) }

func maskF32(dst, x, y []float32, lo, hi float32) { maskF32Generic(dst, x, y, lo, hi) }

func momentsF32(sums *[16]float32, x, y []float32, center float32) {
	momentsF32Generic(sums, x, y, center)
}

func transposeF32(dst []float32, dstStride int, src []float32, srcStride, rows, columns int) {
	transposeF32Generic(dst, dstStride, src, srcStride, rows, columns)
}
