package asm

// UnpackU8 unpacks codes of 2 to 8 bits in two's complement that lie one behind
// the other, from the lowest bit of src up, and makes them positive: dst[i] is code
// i plus 2^(bits-1). It may read eight bytes of src from where a code starts, as far
// as there are. It panics if bits is something else or src is too short.
func UnpackU8(dst []uint8, src []byte, bits int) {
	switch {
	case bits < 2 || bits > 8:
		panic(badBits)
	case len(src) < len(dst)/8*bits+(len(dst)%8*bits+7)/8:
		panic(shortSrc)
	}
	unpackU8(dst, src, bits)
}
