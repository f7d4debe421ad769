//go:build purego || !(amd64 || arm64)

package asm

func copyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	copyRowsF32Generic(dst, dstStride, src, srcStride, rows, n)
}

func splitRowsF32(even, odd []float32, dstStride int, src []float32, srcStride, rows, n int) {
	splitRowsF32Generic(even, odd, dstStride, src, srcStride, rows, 0, n)
}

func gatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	gatherF32Generic(dst, stride, src, offsets, 0, n)
}

func finishF32(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	finishF32Generic(dst, acc, bias, res, lo, hi)
}
