// Command unpack_u8 writes unpack_u8_amd64.s: fields of bits become bytes.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!purego")
	unpack()
	Generate()
}

// unpack spreads eight fields with one instruction. mask has ones where the bytes
// of codes have them, flip in the highest of these.
func unpack() {
	TEXT("unpackU8_avx2_asm", NOSPLIT, "func(dst, src *byte, bits, groups int)")
	Doc("unpackU8_avx2_asm is UnpackU8 for groups > 0 of eight codes, at each of which eight bytes are there.")
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	bits := Load(Param("bits"), GP64())
	groups := Load(Param("groups"), GP64())
	mask, flip, shift, v := GP64(), GP64(), GP64(), GP64()
	MOVQ(U64(0x0101010101010101), flip)
	LEAQ(Mem{Base: bits, Disp: -1}, shift)
	SHLXQ(shift, flip, flip)
	LEAQ(Mem{Base: flip, Index: flip, Scale: 1}, mask)
	MOVQ(U64(0x0101010101010101), v)
	SUBQ(v, mask)

	Label("group")
	MOVQ(Mem{Base: src}, v)
	PDEPQ(mask, v, v)
	XORQ(flip, v)
	MOVQ(v, Mem{Base: dst})
	ADDQ(bits, src)
	ADDQ(U8(8), dst)
	DECQ(groups)
	JNZ(LabelRef("group"))
	RET()
}
