// Command requant writes requant_amd64.s: the output stage of integer layers.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of asm.Requant; TestRequantOffsets compares them.
const (
	dst       = 0
	dstStride = 24
	acc       = 32
	accStride = 56
	rows      = 64
	cols      = 72
	bias      = 80
	mult      = 104
	wzero     = 128
	sums      = 152
	res       = 176
	resStride = 200
	resZero   = 208
	resMult   = 212
	lo        = 216
	hi        = 220
	zero      = 224
)

func main() {
	ConstraintExpr("!purego")
	avx2()
	avx512()
	Generate()
}

// tile is what both kernels keep in general registers: the current row of every
// matrix, and the column.
type tile struct {
	q                        Register
	dst, acc, res, sums      Register
	bias, mult, wzero        Register
	col, cols, row           Register
	lo, hi, zero             VecVirtual
	resZero, resMult, rowSum VecVirtual
}

// field is a field of the argument.
func (t tile) field(offset int) Mem { return Mem{Base: t.q, Disp: offset} }

func (t tile) load(offset int) Register {
	r := GP64()
	MOVQ(t.field(offset), r)
	return r
}

func (t tile) broadcast(offset int, v VecVirtual) VecVirtual {
	VBROADCASTSS(t.field(offset), v)
	return v
}

// column is an element of the current column; size is that of an element.
func (t tile) column(p Register, size int) Mem {
	return Mem{Base: p, Index: t.col, Scale: uint8(size)}
}

// begin loads the argument. vector makes vector registers.
func begin(vector func() VecVirtual) tile {
	t := tile{q: Load(Param("q"), GP64())}
	t.dst, t.acc, t.res, t.sums = t.load(dst), t.load(acc), t.load(res), t.load(sums)
	t.bias, t.mult, t.wzero = t.load(bias), t.load(mult), t.load(wzero)
	t.cols, t.row, t.col = t.load(cols), t.load(rows), GP64()
	t.lo, t.hi, t.zero = t.broadcast(lo, vector()), t.broadcast(hi, vector()), t.broadcast(zero, vector())
	t.resZero, t.resMult = t.broadcast(resZero, vector()), t.broadcast(resMult, vector())
	t.rowSum = vector()
	return t
}

// rowLoop emits a loop over rows around body, which covers the columns.
func (t tile) rowLoop(body func()) {
	Label("row")
	TESTQ(t.wzero, t.wzero)
	JZ(LabelRef("columns"))
	VPBROADCASTD(Mem{Base: t.sums}, t.rowSum)
	ADDQ(I32(4), t.sums)
	Label("columns")
	XORQ(t.col, t.col)
	body()
	stride := GP64()
	MOVQ(t.field(accStride), stride)
	LEAQ(Mem{Base: t.acc, Index: stride, Scale: 4}, t.acc)
	ADDQ(t.field(dstStride), t.dst)
	ADDQ(t.field(resStride), t.res)
	DECQ(t.row)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// avx2 covers multiples of eight columns.
func avx2() {
	TEXT("requant_avx2_asm", NOSPLIT, "func(q *byte)")
	Doc("requant_avx2_asm is Requant.Run on whole groups of eight columns, of which there is at least one.")
	t := begin(YMM)
	s, y, r := YMM(), YMM(), YMM()
	ANDQ(I8(-8), t.cols)
	t.rowLoop(func() {
		Label("group")
		VMOVDQU(t.column(t.acc, 4), s)
		VPADDD(t.column(t.bias, 4), s, s)
		TESTQ(t.wzero, t.wzero)
		JZ(LabelRef("scale"))
		VPMULLD(t.column(t.wzero, 4), t.rowSum, r)
		VPSUBD(r, s, s)
		Label("scale")
		VCVTDQ2PS(s, y)
		VMULPS(t.column(t.mult, 4), y, y)
		CMPQ(t.field(res), I8(0))
		JE(LabelRef("round"))
		VPMOVZXBD(t.column(t.res, 1), r)
		VCVTDQ2PS(r, r)
		VSUBPS(t.resZero, r, r)
		VMULPS(t.resMult, r, r)
		VADDPS(r, y, y)
		Label("round")
		Comment("Round to nearest even, clamp, narrow.")
		VROUNDPS(U8(0), y, y)
		VADDPS(t.zero, y, y)
		VMAXPS(t.lo, y, y)
		VMINPS(t.hi, y, y)
		VCVTTPS2DQ(y, s)
		high := XMM()
		VEXTRACTI128(U8(1), s, high)
		VPACKUSDW(high, s.AsX(), s.AsX())
		VPACKUSWB(s.AsX(), s.AsX(), s.AsX())
		VMOVQ(s.AsX(), t.column(t.dst, 1))
		ADDQ(I32(8), t.col)
		CMPQ(t.col, t.cols)
		JLT(LabelRef("group"))
	})
}

// avx512 masks the columns past the end.
func avx512() {
	TEXT("requant_avx512_asm", NOSPLIT, "func(q *byte)")
	Doc("requant_avx512_asm is Requant.Run on at least one row and column.")
	t := begin(ZMM)
	s, y, r := ZMM(), ZMM(), ZMM()
	left, ones, mask, group := GP64(), GP32(), K(), GP64()
	MOVL(U32(0xffff), ones)
	MOVL(U32(16), group.As32())
	t.rowLoop(func() {
		Label("group")
		Comment("mask = the columns that exist, of sixteen")
		MOVQ(t.cols, left)
		SUBQ(t.col, left)
		CMPQ(left, group)
		CMOVQGT(group, left) // BZHI takes the index from one byte
		BZHIL(left.As32(), ones, left.As32())
		KMOVW(left.As32(), mask)
		VMOVDQU32_Z(t.column(t.acc, 4), mask, s)
		VPADDD_Z(t.column(t.bias, 4), s, mask, s)
		TESTQ(t.wzero, t.wzero)
		JZ(LabelRef("scale"))
		VPMULLD_Z(t.column(t.wzero, 4), t.rowSum, mask, r)
		VPSUBD(r, s, s)
		Label("scale")
		VCVTDQ2PS(s, y)
		VMULPS_Z(t.column(t.mult, 4), y, mask, y)
		CMPQ(t.field(res), I8(0))
		JE(LabelRef("round"))
		VPMOVZXBD_Z(t.column(t.res, 1), mask, r)
		VCVTDQ2PS(r, r)
		VSUBPS(t.resZero, r, r)
		VMULPS(t.resMult, r, r)
		VADDPS(r, y, y)
		Label("round")
		Comment("Round to nearest even, clamp, narrow.")
		VRNDSCALEPS(U8(0), y, y)
		VADDPS(t.zero, y, y)
		VMAXPS(t.lo, y, y)
		VMINPS(t.hi, y, y)
		VCVTTPS2DQ(y, s)
		VPMOVDB(s, mask, t.column(t.dst, 1))
		ADDQ(I32(16), t.col)
		CMPQ(t.col, t.cols)
		JLT(LabelRef("group"))
	})
}
