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

// packPlaneU8 makes the rows of a plane of the bits [shift, shift+width) of rows of
// codes.
func packPlaneU8(dst, codes []byte, shift, width int) {
	all := 8 / width * rowU8 // codes of a row of the plane
	if n := len(codes) / all; n > 0 && isa.Current() >= isa.AVX2 {
		packPlaneU8_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(codes), shift, width, n)
		dst, codes = dst[n*rowU8:], codes[n*all:]
	}
	packPlaneU8Generic(dst, codes, shift, width)
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
func packPlaneU8_avx2_asm(dst, codes *byte, shift, width, rows int)

//go:noescape
func widenU8_avx2_asm(dst, src *byte, rows int)
