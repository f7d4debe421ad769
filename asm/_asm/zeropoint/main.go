// Command zeropoint writes zeropoint_amd64.s: the corrections for zero points.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!purego")
	sum()
	axpy()
	Generate()
}

// sum adds bytes in groups of 32 with VPSADBW, which sums eight at a time.
func sum() {
	TEXT("sumU8_avx2_asm", NOSPLIT, "func(a *uint8, groups int) int32")
	Doc("sumU8_avx2_asm is the sum of 32*groups bytes; groups > 0.")
	a := Load(Param("a"), GP64())
	groups := Load(Param("groups"), GP64())
	total, v, zero := YMM(), YMM(), YMM()
	VPXOR(zero, zero, zero)
	VPXOR(total, total, total)
	Label("group")
	VPSADBW(Mem{Base: a}, zero, v)
	VPADDQ(v, total, total)
	ADDQ(I32(32), a)
	DECQ(groups)
	JNZ(LabelRef("group"))
	Comment("Add the four partial sums.")
	high := XMM()
	VEXTRACTI128(U8(1), total, high)
	VPADDQ(high, total.AsX(), total.AsX())
	VPSHUFD(U8(0xee), total.AsX(), high)
	VPADDQ(high, total.AsX(), total.AsX())
	r := GP32()
	VMOVD(total.AsX(), r)
	Store(r, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func axpy() {
	TEXT("axpyS32_avx2_asm", NOSPLIT, "func(y, x *int32, s int32, groups int)")
	Doc("axpyS32_avx2_asm adds s*x to 8*groups elements of y; groups > 0.")
	y := Load(Param("y"), GP64())
	x := Load(Param("x"), GP64())
	groups := Load(Param("groups"), GP64())
	s, v := YMM(), YMM()
	VMOVD(Load(Param("s"), GP32()), s.AsX())
	VPBROADCASTD(s.AsX(), s)
	Label("group")
	VPMULLD(Mem{Base: x}, s, v)
	VPADDD(Mem{Base: y}, v, v)
	VMOVDQU(v, Mem{Base: y})
	ADDQ(I32(32), x)
	ADDQ(I32(32), y)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}
