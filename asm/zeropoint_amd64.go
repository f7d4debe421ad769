//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./zeropoint -out ../zeropoint_amd64.s

func sumU8(a []uint8) int32 {
	if isa.Current() < isa.AVX2 || len(a) < 32 {
		return sumU8Generic(a)
	}
	return sumU8_avx2_asm(unsafe.SliceData(a), len(a)/32) + sumU8Generic(a[len(a)&^31:])
}

func axpyS32(y, x []int32, s int32) {
	whole := 0
	if isa.Current() >= isa.AVX2 && len(x) >= 8 {
		axpyS32_avx2_asm(unsafe.SliceData(y), unsafe.SliceData(x), s, len(x)/8)
		whole = len(x) &^ 7
	}
	axpyS32Generic(y[whole:], x[whole:], s)
}

//go:noescape
func sumU8_avx2_asm(a *uint8, groups int) int32

//go:noescape
func axpyS32_avx2_asm(y, x *int32, s int32, groups int)
