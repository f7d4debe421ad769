//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./pool -out ../pool_amd64.s

func maxTapsU8(dst, x []uint8, taps []int32, positions, step, channels int) {
	d, px, t := unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(taps)
	switch avx2 := isa.Current() >= isa.AVX2; {
	case avx2 && channels >= 32:
		maxTapsU8_32_avx2_asm(d, px, t, positions, step, channels, len(taps))
	case avx2 && channels >= 16:
		maxTapsU8_16_avx2_asm(d, px, t, positions, step, channels, len(taps))
	default:
		maxTapsU8Generic(dst, x, taps, positions, step, channels, maxU8)
	}
}

func addU8(sums []int32, x []uint8) {
	whole := 0
	if isa.Current() >= isa.AVX2 && len(x) >= 8 {
		addU8_avx2_asm(unsafe.SliceData(sums), unsafe.SliceData(x), len(x)/8)
		whole = len(x) &^ 7
	}
	addU8Generic(sums[whole:], x[whole:])
}

//go:noescape
func maxTapsU8_32_avx2_asm(dst, x *uint8, taps *int32, positions, step, channels, ntaps int)

//go:noescape
func maxTapsU8_16_avx2_asm(dst, x *uint8, taps *int32, positions, step, channels, ntaps int)

//go:noescape
func addU8_avx2_asm(sums *int32, x *uint8, groups int)
