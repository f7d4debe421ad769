//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func winogradInputF32(dst []float32, matrix, mr int, src []float32, plane, stride int, offsets *[WinogradTiles]int32, channels int) {
	if isa.Current() < isa.NEON {
		winogradInputF32Generic(dst, matrix, mr, src, plane, stride, offsets, channels)
		return
	}
	for l := 0; l < WinogradTiles; l += 4 {
		winogradInputF32_neon_asm(unsafe.SliceData(dst[l/mr*channels*mr+l%mr:]), matrix, mr,
			unsafe.SliceData(src), plane, stride, &offsets[l], channels)
	}
}

func winogradOutputF32(dst []float32, plane, stride int, src []float32, matrix, row, tiles int) {
	if isa.Current() < isa.NEON {
		winogradOutputF32Generic(dst, plane, stride, src, matrix, row, tiles)
		return
	}
	for c := 0; c < 8; c += 4 {
		winogradOutputF32_neon_asm(unsafe.SliceData(dst[c*plane:]), plane, stride, unsafe.SliceData(src[c:]), matrix, row, tiles)
	}
}

//go:noescape
func winogradInputF32_neon_asm(dst *float32, matrix, mr int, src *float32, plane, stride int, offsets *int32, channels int)

//go:noescape
func winogradOutputF32_neon_asm(dst *float32, plane, stride int, src *float32, matrix, row, tiles int)
