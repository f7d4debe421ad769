//go:build purego || !amd64

package asm

var (
	gemmF32sArch []GemmF32
	gemmU8sArch  []GemmU8
)

func requant(q *Requant) { requantGeneric(q, 0) }

func sumRowsU8(sums []int32, a []uint8, stride, k int) { sumRowsU8Generic(sums, a, stride, k) }

func axpyS32(y, x []int32, s int32) { axpyS32Generic(y, x, s) }

func copyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	copyRowsF32Generic(dst, dstStride, src, srcStride, rows, 0, n)
}

func gatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	gatherF32Generic(dst, stride, src, offsets, 0, n)
}

func finishF32(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	finishF32Generic(dst, acc, bias, res, lo, hi)
}
