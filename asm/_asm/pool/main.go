// Command pool writes pool_amd64.s: the steps of pooling codes.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!purego")
	maximum()
	sum()
	Generate()
}

// maximum takes 32 bytes at a time; the last 32 end with the row and may overlap
// those before, which a maximum does not mind.
func maximum() {
	TEXT("maxU8_avx2_asm", NOSPLIT, "func(dst, x *uint8, n int)")
	Doc("maxU8_avx2_asm is MaxU8; n >= 32.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	last := Load(Param("n"), GP64())
	at, v := GP64(), YMM()
	SUBQ(U8(32), last)
	XORQ(at, at)
	CMPQ(at, last)
	JGE(LabelRef("end"))
	Label("block")
	VMOVDQU(Mem{Base: x, Index: at, Scale: 1}, v)
	VPMAXUB(Mem{Base: dst, Index: at, Scale: 1}, v, v)
	VMOVDQU(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(U8(32), at)
	CMPQ(at, last)
	JLT(LabelRef("block"))
	Label("end")
	VMOVDQU(Mem{Base: x, Index: last, Scale: 1}, v)
	VPMAXUB(Mem{Base: dst, Index: last, Scale: 1}, v, v)
	VMOVDQU(v, Mem{Base: dst, Index: last, Scale: 1})
	VZEROUPPER()
	RET()
}

// sum takes 8 bytes at a time.
func sum() {
	TEXT("addU8_avx2_asm", NOSPLIT, "func(sums *int32, x *uint8, groups int)")
	Doc("addU8_avx2_asm adds 8*groups codes to sums; groups > 0.")
	sums := Load(Param("sums"), GP64())
	x := Load(Param("x"), GP64())
	groups := Load(Param("groups"), GP64())
	v := YMM()
	Label("group")
	VPMOVZXBD(Mem{Base: x}, v)
	VPADDD(Mem{Base: sums}, v, v)
	VMOVDQU(v, Mem{Base: sums})
	ADDQ(U8(8), x)
	ADDQ(U8(32), sums)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}
