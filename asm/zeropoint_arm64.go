//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func sumRowsU8(sums []int32, a []uint8, stride, k int) {
	if isa.Current() < isa.NEON {
		sumRowsU8Generic(sums, a, stride, k)
		return
	}
	sumRowsU8_neon_asm(unsafe.SliceData(sums), unsafe.SliceData(a), stride, len(sums), k)
}

//go:noescape
func sumRowsU8_neon_asm(sums *int32, a *uint8, stride, rows, k int)
