//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

// expandU8 makes rows of weights, 64 each, from planes of codes and their zero
// points. It may write and read as much as whole units of rows would take.
func expandU8(dst, planes []byte, bits, rows int, zero *zerosU8) {
	if isa.Current() < isa.NEON || rows == 0 {
		expandU8Generic(dst, planes, bits, rows, zero)
		return
	}
	two := planes[planeBytes(rows, bits&4):]
	one := two[planeBytes(rows, bits&2):]
	expandU8_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(planes), unsafe.SliceData(two), unsafe.SliceData(one),
		&zero[0], (rows+unitU8-1)/unitU8, bits)
}

// widenU8 makes weights of 16 bits of those of a panel of bytes; no kernel of this
// architecture takes them.
func widenU8(dst, src []byte, rows int) { widenU8Generic(dst, src, rows) }

// packPlaneU8 makes a plane of codes; a network is packed but once.
func packPlaneU8(dst, codes []byte, shift, width int) { packPlaneU8Generic(dst, codes, shift, width) }

//go:noescape
func expandU8_neon_asm(dst, plane4, plane2, plane1, zero *byte, units, bits int)
