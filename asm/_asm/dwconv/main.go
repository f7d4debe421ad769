// Command dwconv writes dwconv_amd64.s: depthwise convolution of codes.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	dwconv()
	dwconvWide()
	Generate()
}

// dwconv goes through the taps in pairs: the codes of 16 channels under two
// taps are interleaved, widened to 16 bits and multiplied and added in pairs by
// VPMADDWD, which is exact. An odd last tap is paired with itself, whose second
// weight is zero.
//
// Registers: lo and hi hold the sums of channels 0-7 and 8-15 of the block.
func dwconv() {
	TEXT("dwConvU8_avx2_asm", NOSPLIT, "func(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)")
	Doc("dwConvU8_avx2_asm is DWConvU8; positions, channels and ntaps > 0.")
	acc := Load(Param("acc"), GP64())
	x := Load(Param("x"), GP64())
	taps := Load(Param("taps"), GP64())
	positions := Load(Param("positions"), GP64())
	w, px, left, t, a, b := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	channels, ntaps := GP64(), GP64()
	lo, hi := YMM(), YMM()

	Label("position")
	Load(Param("packed"), w)
	Load(Param("channels"), channels)
	MOVQ(x, px)

	Label("block")
	VPXOR(lo, lo, lo)
	VPXOR(hi, hi, hi)
	MOVQ(taps, t)
	Load(Param("ntaps"), ntaps)
	MOVQ(ntaps, left)
	SUBQ(U8(2), left)
	JLT(LabelRef("odd"))

	Label("pair")
	MOVLQSX(Mem{Base: t}, a)
	MOVLQSX(Mem{Base: t, Disp: 4}, b)
	pair(px, a, b, w, lo, hi)
	ADDQ(U8(8), t)
	SUBQ(U8(2), left)
	JGE(LabelRef("pair"))

	Label("odd")
	CMPQ(left, I8(-1))
	JNE(LabelRef("store"))
	MOVLQSX(Mem{Base: t}, a)
	pair(px, a, a, w, lo, hi)

	Label("store")
	VMOVDQU(lo, Mem{Base: acc})
	VMOVDQU(hi, Mem{Base: acc, Disp: 32})
	ADDQ(U8(64), acc)
	ADDQ(U8(16), px)
	SUBQ(U8(16), channels)
	JNZ(LabelRef("block"))

	Load(Param("step"), a)
	ADDQ(a, x)
	DECQ(positions)
	JNZ(LabelRef("position"))
	VZEROUPPER()
	RET()
}

// pair adds the products of the taps at offsets a and b and moves w on.
func pair(px, a, b, w Register, lo, hi VecVirtual) {
	p, q, l, h := XMM(), XMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: px, Index: a, Scale: 1}, p)
	VMOVDQU(Mem{Base: px, Index: b, Scale: 1}, q)
	VPUNPCKLBW(q, p, l.AsX())
	VPUNPCKHBW(q, p, h.AsX())
	VPMOVZXBW(l.AsX(), l)
	VPMOVZXBW(h.AsX(), h)
	VPMADDWD(Mem{Base: w}, l, l)
	VPMADDWD(Mem{Base: w, Disp: 32}, h, h)
	VPADDD(l, lo, lo)
	VPADDD(h, hi, hi)
	ADDQ(U8(64), w)
}
