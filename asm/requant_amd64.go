//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./requant -out ../requant_amd64.s

func requant(q *Requant) {
	switch level := isa.Current(); {
	case level >= isa.AVX512VNNI:
		requant_avx512_asm((*byte)(unsafe.Pointer(q)))
	case level >= isa.AVX2:
		if q.Cols >= 8 {
			requant_avx2_asm((*byte)(unsafe.Pointer(q)))
		}
		if q.Cols%8 != 0 {
			requantGeneric(q, q.Cols&^7)
		}
	default:
		requantGeneric(q, 0)
	}
}

//go:noescape
func requant_avx2_asm(q *byte)

//go:noescape
func requant_avx512_asm(q *byte)
