//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./panel_u8 -out ../panel_u8_amd64.s

// expandU8 makes rows of weights, 64 each, from planes of codes and their zero
// points. It may write and read as much as whole units of rows would take.
func expandU8(dst, planes []byte, bits, rows int, zero *zerosU8) {
	level := isa.Current()
	if level < isa.AVX2 || rows == 0 {
		expandU8Generic(dst, planes, bits, rows, zero)
		return
	}
	two := planes[planeBytes(rows, bits&4):]
	one := two[planeBytes(rows, bits&2):]
	d, p4, p2, p1 := unsafe.SliceData(dst), unsafe.SliceData(planes), unsafe.SliceData(two), unsafe.SliceData(one)
	if units := (rows + unitU8 - 1) / unitU8; level >= isa.AVX512VNNI {
		expandU8_avx512_asm(d, p4, p2, p1, &zero[0], units, bits)
	} else {
		expandU8_avx2_asm(d, p4, p2, p1, &zero[0], units, bits)
	}
}

// widenU8 makes weights of 16 bits of those of a panel of bytes.
func widenU8(dst, src []byte, rows int) {
	if isa.Current() < isa.AVX2 || rows == 0 {
		widenU8Generic(dst, src, rows)
		return
	}
	widenU8_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(src), rows)
}

//go:noescape
func expandU8_avx2_asm(dst, plane4, plane2, plane1, zero *byte, units, bits int)

//go:noescape
func expandU8_avx512_asm(dst, plane4, plane2, plane1, zero *byte, units, bits int)

//go:noescape
func widenU8_avx2_asm(dst, src *byte, rows int)
