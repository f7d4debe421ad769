//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func requant(q *Requant) {
	whole := 0
	if isa.Current() >= isa.NEON && q.Cols >= 8 {
		whole = q.Cols &^ 7
		requant_neon_asm((*byte)(unsafe.Pointer(q)))
	}
	if whole < q.Cols {
		requantGeneric(q, whole)
	}
}

//go:noescape
func requant_neon_asm(q *byte)
