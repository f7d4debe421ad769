//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./pointwise_f32 -out ../pointwise_f32_amd64.s

var pointwiseF32sArch = []PointwiseF32{
	newPointwiseF32("pointwiseF32_4x24_avx2", isa.AVX2, 4, 24, pointwiseF32_4x24_avx2_asm),
	newPointwiseF32("pointwiseF32_8x48_avx512", isa.AVX512VNNI, 8, 48, pointwiseF32_8x48_avx512_asm),
}

// newPointwiseF32 makes the table row of an assembly kernel, which trusts its
// arguments.
func newPointwiseF32(name string, level isa.Level, mr, nr int,
	kernel func(dst *float32, stride int, x *float32, xStride int, w *float32, k int, bias, res *float32, n int, lo, hi float32)) PointwiseF32 {
	run := func(dst []float32, stride int, x []float32, xStride int, w []float32, k int, bias, res []float32, n int, lo, hi float32) {
		checkPointwiseF32(mr, dst, stride, x, xStride, w, k, bias, res, n)
		if n == 0 {
			return
		}
		kernel(unsafe.SliceData(dst), stride, unsafe.SliceData(x), xStride, unsafe.SliceData(w), k, unsafe.SliceData(bias),
			unsafe.SliceData(res), n, lo, hi)
	}
	return PointwiseF32{Name: name, Level: level, MR: mr, NR: nr, Run: run}
}

//go:noescape
func pointwiseF32_4x24_avx2_asm(dst *float32, stride int, x *float32, xStride int, w *float32, k int, bias, res *float32, n int, lo, hi float32)

//go:noescape
func pointwiseF32_8x48_avx512_asm(dst *float32, stride int, x *float32, xStride int, w *float32, k int, bias, res *float32, n int, lo, hi float32)
