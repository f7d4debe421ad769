//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func maxTapsU8(dst, x []uint8, taps []int32, positions, step, channels int) {
	larger := maxU8
	if isa.Current() >= isa.NEON && channels >= 16 {
		larger = func(dst, x []uint8) { maxU8_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst)) }
	}
	maxTapsU8Generic(dst, x, taps, positions, step, channels, larger)
}

func addU8(sums []int32, x []uint8) {
	whole := 0
	if isa.Current() >= isa.NEON && len(x) >= 8 {
		addU8_neon_asm(unsafe.SliceData(sums), unsafe.SliceData(x), len(x)/8)
		whole = len(x) &^ 7
	}
	addU8Generic(sums[whole:], x[whole:])
}

//go:noescape
func maxU8_neon_asm(dst, x *uint8, n int)

//go:noescape
func addU8_neon_asm(sums *int32, x *uint8, groups int)
