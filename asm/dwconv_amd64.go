//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./dwconv -out ../dwconv_amd64.s

func dwConvU8(acc []int32, x []uint8, taps []int32, packed []int16, positions, step, channels int) {
	if isa.Current() < isa.AVX2 {
		dwConvU8Generic(acc, x, taps, packed, positions, step, channels)
		return
	}
	dwConvU8_avx2_asm(unsafe.SliceData(acc), unsafe.SliceData(x), unsafe.SliceData(taps), unsafe.SliceData(packed),
		positions, step, channels, len(taps))
}

//go:noescape
func dwConvU8_avx2_asm(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)
