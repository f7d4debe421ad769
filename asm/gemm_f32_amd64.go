//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./gemm_f32 -out ../gemm_f32_amd64.s

var gemmF32sArch = []GemmF32{
	newGemmF32("gemmF32_4x24_avx2", isa.AVX2, 4, 24, gemmF32_4x24_avx2_asm),
	newGemmF32("gemmF32_8x32_avx512", isa.AVX512VNNI, 8, 32, gemmF32_8x32_avx512_asm),
}

// newGemmF32 makes the table row of an assembly kernel, which trusts its
// arguments.
func newGemmF32(name string, level isa.Level, mr, nr int, kernel func(c *float32, ldc int, a, b *float32, k int)) GemmF32 {
	run := func(c []float32, ldc int, a, b []float32, k int) {
		checkGemmF32(mr, nr, c, ldc, a, b, k)
		kernel(unsafe.SliceData(c), ldc, unsafe.SliceData(a), unsafe.SliceData(b), k)
	}
	return GemmF32{Name: name, Level: level, MR: mr, NR: nr, Run: run}
}

//go:noescape
func gemmF32_4x24_avx2_asm(c *float32, ldc int, a, b *float32, k int)

//go:noescape
func gemmF32_8x32_avx512_asm(c *float32, ldc int, a, b *float32, k int)
