//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func dwConvU8(acc []int32, x []uint8, taps []int32, packed []int16, positions, step, channels int) {
	if isa.Current() < isa.NEON {
		dwConvU8Generic(acc, x, taps, packed, positions, step, channels)
		return
	}
	dwConvU8_neon_asm(unsafe.SliceData(acc), unsafe.SliceData(x), unsafe.SliceData(taps), unsafe.SliceData(packed),
		positions, step, channels, len(taps))
}

//go:noescape
func dwConvU8_neon_asm(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)
