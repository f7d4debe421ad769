//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./zeropoint -out ../zeropoint_amd64.s

func sumRowsU8(sums []int32, a []uint8, stride, k int) {
	if isa.Current() < isa.AVX2 || k < 8 {
		sumRowsU8Generic(sums, a, stride, k)
		return
	}
	sumRowsU8_avx2_asm(unsafe.SliceData(sums), unsafe.SliceData(a), stride, len(sums), k)
}

//go:noescape
func sumRowsU8_avx2_asm(sums *int32, a *uint8, stride, rows, k int)
