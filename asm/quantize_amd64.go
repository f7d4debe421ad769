//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./quantize -out ../quantize_amd64.s

func quantizeU8(dst []uint8, step int, x []float32, scale float32, zero, top uint8) {
	groups := 0
	if isa.Current() >= isa.AVX2 && len(x) >= 8 {
		groups = len(x) / 8
		quantizeU8_avx2_asm(unsafe.SliceData(dst), step, unsafe.SliceData(x), groups,
			1/float64(scale), -float64(zero), float64(top)-float64(zero), int(zero))
	}
	quantizeU8Generic(dst, step, x, scale, zero, top, 8*groups)
}

//go:noescape
func quantizeU8_avx2_asm(dst *uint8, step int, x *float32, groups int, inverse, lo, hi float64, zero int)
