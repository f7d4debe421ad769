//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./unpack_u8 -out ../unpack_u8_amd64.s

func unpackU8(dst []uint8, src []byte, bits int) {
	// Eight bytes are read where eight codes start.
	if n := min(len(dst)/8, (len(src)-8)/bits+1); n > 0 && len(src) >= 8 && isa.Current() >= isa.AVX2 {
		unpackU8_avx2_asm(unsafe.SliceData(dst), unsafe.SliceData(src), bits, n)
		dst, src = dst[8*n:], src[n*bits:]
	}
	unpackU8Generic(dst, src, bits)
}

//go:noescape
func unpackU8_avx2_asm(dst, src *byte, bits, groups int)
