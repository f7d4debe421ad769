//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./winograd_f32 -out ../winograd_f32_amd64.s

func winogradInputF32(dst []float32, matrix, mr int, src []float32, plane, stride int, offsets *[WinogradTiles]int32, channels int) {
	if isa.Current() < isa.AVX2 {
		winogradInputF32Generic(dst, matrix, mr, src, plane, stride, offsets, channels)
		return
	}
	half := 4 // from the first four rows of a channel to the others
	if mr == 4 {
		half = 4 * channels
	}
	winogradInputF32_avx2_asm(unsafe.SliceData(dst), matrix, mr, half, unsafe.SliceData(src), plane, stride, &offsets[0], channels)
}

func winogradOutputF32(dst []float32, plane, stride int, src []float32, matrix, row, tiles int) {
	if isa.Current() < isa.AVX2 {
		winogradOutputF32Generic(dst, plane, stride, src, matrix, row, tiles)
		return
	}
	winogradOutputF32_avx2_asm(unsafe.SliceData(dst), plane, stride, unsafe.SliceData(src), matrix, row, tiles)
}

//go:noescape
func winogradInputF32_avx2_asm(dst *float32, matrix, mr, half int, src *float32, plane, stride int, offsets *int32, channels int)

//go:noescape
func winogradOutputF32_avx2_asm(dst *float32, plane, stride int, src *float32, matrix, row, tiles int)
