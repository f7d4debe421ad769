//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./pool -out ../pool_amd64.s

func maxU8(dst, x []uint8) {
	if isa.Current() < isa.AVX2 || len(dst) < 32 {
		maxU8Generic(dst, x)
		return
	}
	maxU8_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst))
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
func maxU8_avx2_asm(dst, x *uint8, n int)

//go:noescape
func addU8_avx2_asm(sums *int32, x *uint8, groups int)
