//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

var gemmF32sArch = []GemmF32{
	composeF32(GemmF32{Name: "gemmF32_8x8_neon", Level: isa.NEON, MR: 8, NR: 8, Run: gemmF32_8x8_neon}),
}

func gemmF32_8x8_neon(c []float32, ldc int, a, b []float32, k int) {
	checkGemmF32(8, 8, c, ldc, a, b, k)
	gemmF32_8x8_neon_asm(unsafe.SliceData(c), ldc, unsafe.SliceData(a), unsafe.SliceData(b), k)
}

//go:noescape
func gemmF32_8x8_neon_asm(c *float32, ldc int, a, b *float32, k int)
