//go:build !purego

package asm

import "mixq/internal/isa"

var gemmF32sArch = []GemmF32{
	newGemmF32("gemmF32_8x8_neon", isa.NEON, 8, 8, gemmF32_8x8_neon_asm),
}

//go:noescape
func gemmF32_8x8_neon_asm(c *float32, ldc int, a, b *float32, k int)
