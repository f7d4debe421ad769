// Command zeropoint writes zeropoint_amd64.s: the sums that zero points call for.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!purego")
	sum()
	Generate()
}

// sum adds bytes with VPSADBW, eight to a lane: groups of 32, then of 8, then
// the rest as the end of the last 8 bytes of the row.
func sum() {
	TEXT("sumRowsU8_avx2_asm", NOSPLIT, "func(sums *int32, a *uint8, stride, rows, k int)")
	Doc("sumRowsU8_avx2_asm is SumRowsU8; rows > 0 and k >= 8.")
	sums := Load(Param("sums"), GP64())
	row := Load(Param("a"), GP64())
	stride := Load(Param("stride"), GP64())
	rows := Load(Param("rows"), GP64())
	k := Load(Param("k"), GP64())
	wide, narrow, v, zero := YMM(), XMM(), YMM(), YMM()
	VPXOR(zero, zero, zero)
	a, left, shift := GP64(), GP64(), GP64()

	Label("row")
	MOVQ(row, a)
	MOVQ(k, left)
	VPXOR(wide, wide, wide)
	VPXOR(narrow, narrow, narrow)
	SUBQ(I8(32), left)
	JLT(LabelRef("eights"))
	Label("group")
	VPSADBW(Mem{Base: a}, zero, v)
	VPADDQ(v, wide, wide)
	ADDQ(I8(32), a)
	SUBQ(I8(32), left)
	JGE(LabelRef("group"))

	Label("eights")
	ADDQ(I8(24), left)
	JLT(LabelRef("rest"))
	Label("eight")
	VMOVQ(Mem{Base: a}, v.AsX())
	VPSADBW(v.AsX(), zero.AsX(), v.AsX())
	VPADDQ(v.AsX(), narrow, narrow)
	ADDQ(I8(8), a)
	SUBQ(I8(8), left)
	JGE(LabelRef("eight"))

	Label("rest")
	Comment("left is now 8 less than the number of bytes left.")
	MOVQ(Mem{Base: a, Index: left, Scale: 1}, shift)
	NEGQ(left)
	SHLQ(U8(3), left)
	CMPQ(left, I8(64))
	JE(LabelRef("add"))
	SHRXQ(left, shift, shift)
	VMOVQ(shift, v.AsX())
	VPSADBW(v.AsX(), zero.AsX(), v.AsX())
	VPADDQ(v.AsX(), narrow, narrow)

	Label("add")
	VEXTRACTI128(U8(1), wide, v.AsX())
	VPADDQ(v.AsX(), wide.AsX(), wide.AsX())
	VPADDQ(narrow, wide.AsX(), wide.AsX())
	VPSHUFD(U8(0xee), wide.AsX(), v.AsX())
	VPADDQ(v.AsX(), wide.AsX(), wide.AsX())
	VMOVD(wide.AsX(), Mem{Base: sums})
	ADDQ(I8(4), sums)
	ADDQ(stride, row)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
