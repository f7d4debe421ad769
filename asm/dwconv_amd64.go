//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./dwconv -out ../dwconv_amd64.s

func dwConvU8(acc []int32, x []uint8, taps []int32, packed []int16, positions, step, channels int) {
	a, px, t, w := unsafe.SliceData(acc), unsafe.SliceData(x), unsafe.SliceData(taps), unsafe.SliceData(packed)
	switch level := isa.Current(); {
	case level >= isa.AVX512VNNI:
		dwConvU8_avx512vnni_asm(a, px, t, w, positions, step, channels, len(taps))
	case level >= isa.AVX2:
		dwConvU8_avx2_asm(a, px, t, w, positions, step, channels, len(taps))
	default:
		dwConvU8Generic(acc, x, taps, packed, positions, step, channels)
	}
}

//go:noescape
func dwConvU8_avx2_asm(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)

//go:noescape
func dwConvU8_avx512vnni_asm(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)
