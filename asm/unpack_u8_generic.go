package asm

import "encoding/binary"

// unpackU8Generic is the definition of UnpackU8.
func unpackU8Generic(dst []uint8, src []byte, bits int) {
	flip := uint64(1<<(bits-1)) * ones // of two's complement
	for len(dst) > 0 {
		x := spreadU8(firstWord(src), uint(bits)) ^ flip
		if len(dst) < 8 {
			for i := range dst {
				dst[i] = uint8(x >> (8 * i))
			}
			return
		}
		binary.LittleEndian.PutUint64(dst, x)
		dst, src = dst[8:], src[bits:]
	}
}

// firstWord is the start of b, which may be shorter, as a little-endian word.
func firstWord(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b)
	}
	var x uint64
	for i, v := range b {
		x |= uint64(v) << (8 * i)
	}
	return x
}

// spreadU8 moves the first eight fields of some bits to the bytes of the word: it
// splits the word, its halves and its quarters. (With &63 a shift is one
// instruction.)
func spreadU8(x uint64, bits uint) uint64 {
	mask := func(fields uint) uint64 { return 1<<(fields*bits&63) - 1 }
	four, two, one := mask(4), mask(2)*(1<<32+1), mask(1)*0x0001_0001_0001_0001
	x = x&four | x>>(4*bits&63)&four<<32
	x = x&two | x>>(2*bits&63)&two<<16
	return x&one | x>>(bits&63)&one<<8
}
