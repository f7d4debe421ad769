//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./vecmat_f32 -out ../vecmat_f32_amd64.s

func vecMatF32(dst, x, panels []float32, nr int) bool {
	if len(x) == 0 {
		return false
	}
	switch level := isa.Current(); {
	case level >= isa.AVX512VNNI && nr == 32:
		vecMatF32_32_avx512_asm(unsafe.SliceData(dst), unsafe.SliceData(x), len(x), unsafe.SliceData(panels), len(dst)/nr)
	case level == isa.AVX2 && nr == 24:
		vecMatF32_24_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(x), len(x), unsafe.SliceData(panels), len(dst)/nr)
	default:
		return false
	}
	return true
}

//go:noescape
func vecMatF32_24_avx2_asm(dst, x *float32, k int, panels *float32, count int)

//go:noescape
func vecMatF32_32_avx512_asm(dst, x *float32, k int, panels *float32, count int)
