//go:build !purego

package asm

import "mixq/internal/isa"

//go:generate go run -C _asm ./gemm_f32 -out ../gemm_f32_amd64.s

var gemmF32sArch = []GemmF32{
	newGemmF32("gemmF32_4x24_avx2", isa.AVX2, 4, 24, gemmF32_4x24_avx2_asm),
	newGemmF32("gemmF32_8x32_avx512", isa.AVX512VNNI, 8, 32, gemmF32_8x32_avx512_asm),
}

//go:noescape
func gemmF32_4x24_avx2_asm(c *float32, ldc int, a, b *float32, k int)

//go:noescape
func gemmF32_8x32_avx512_asm(c *float32, ldc int, a, b *float32, k int)
