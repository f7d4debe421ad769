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

// bounds are the same in all elements. The kernel of AVX-512 clamps before it
// rounds, to bounds less the zero point: they are whole numbers, so that the
// order makes no difference.
type bounds struct {
	lo, hi, zero     VecVirtual // zero as integers
	resZero, resMult VecVirtual
}

// block is what that kernel keeps in registers for sixteen columns.
type block struct {
	mask                Register // the columns that exist
	bias, mult, wzero   VecVirtual
	acc, dst, res, sums Register // of the current row
	rows                Register // to do
}

// avx512 takes the columns by sixteen.
func avx512() {
	TEXT("requant_avx512_asm", NOSPLIT, "func(q *byte)")
	Doc("requant_avx512_asm is Requant.Run on at least one row and column.")
	t := tile{q: Load(Param("q"), GP64()), col: GP64()}
	b := t.bounds()
	accStep, dstStep, resStep := t.load(accStride), t.load(dstStride), t.load(resStride)
	SHLQ(U8(2), accStep)
	XORQ(t.col, t.col)

	Label("columns")
	c := t.block()
	step := func() {
		ADDQ(accStep, c.acc)
		ADDQ(dstStep, c.dst)
		DECQ(c.rows)
	}
	CMPQ(t.field(wzero), I8(0))
	JNE(LabelRef("affine"))
	CMPQ(t.field(res), I8(0))
	JNE(LabelRef("residual"))
	Label("plain")
	c.store(b, c.scaled(false))
	step()
	JNZ(LabelRef("plain"))
	JMP(LabelRef("next"))

	Label("residual")
	y := c.scaled(false)
	c.addResidual(b, y)
	c.store(b, y)
	ADDQ(resStep, c.res)
	step()
	JNZ(LabelRef("residual"))
	JMP(LabelRef("next"))

	Label("affine")
	y = c.scaled(true)
	CMPQ(t.field(res), I8(0))
	JE(LabelRef("affineStore"))
	c.addResidual(b, y)
	Label("affineStore")
	c.store(b, y)
	ADDQ(resStep, c.res)
	ADDQ(I8(4), c.sums)
	step()
	JNZ(LabelRef("affine"))

	Label("next")
	ADDQ(I8(16), t.col)
	CMPQ(t.col, t.field(cols))
	JLT(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

func (t tile) bounds() bounds {
	b := bounds{t.broadcast(lo, ZMM()), t.broadcast(hi, ZMM()), t.broadcast(zero, ZMM()),
		t.broadcast(resZero, ZMM()), t.broadcast(resMult, ZMM())}
	VSUBPS(b.zero, b.lo, b.lo)
	VSUBPS(b.zero, b.hi, b.hi)
	VCVTPS2DQ(b.zero, b.zero)
	return b
}

// block loads what belongs to the columns from t.col on.
func (t tile) block() block {
	c := block{mask: K(), bias: ZMM(), mult: ZMM(), wzero: ZMM(), rows: t.load(rows), sums: t.load(sums)}
	left, most, ones := GP64(), GP64(), GP32()
	MOVQ(t.field(cols), left)
	SUBQ(t.col, left)
	MOVQ(U32(16), most)
	CMPQ(left, most)
	CMOVQGT(most, left) // BZHI takes the index from one byte
	MOVL(U32(0xffff), ones)
	BZHIL(left.As32(), ones, ones)
	KMOVW(ones, c.mask)
	VMOVDQU32_Z(t.column(t.load(bias), 4), c.mask, c.bias)
	VMOVDQU32_Z(t.column(t.load(mult), 4), c.mask, c.mult)
	p := t.load(wzero)
	TESTQ(p, p)
	JZ(LabelRef("symmetric"))
	VMOVDQU32_Z(t.column(p, 4), c.mask, c.wzero)
	Label("symmetric")
	c.acc, c.dst, c.res = t.load(acc), t.load(dst), t.load(res)
	LEAQ(t.column(c.acc, 4), c.acc)
	ADDQ(t.col, c.dst)
	ADDQ(t.col, c.res)
	return c
}

// scaled gives the sums of a row times their multipliers.
func (c block) scaled(affine bool) VecVirtual {
	s := ZMM()
	VPADDD_Z(Mem{Base: c.acc}, c.bias, c.mask, s)
	if affine {
		r := ZMM()
		VPMULLD_BCST(Mem{Base: c.sums}, c.wzero, r)
		VPSUBD(r, s, s)
	}
	VCVTDQ2PS(s, s)
	VMULPS(c.mult, s, s)
	return s
}

func (c block) addResidual(b bounds, y VecVirtual) {
	r := ZMM()
	VPMOVZXBD_Z(Mem{Base: c.res}, c.mask, r)
	VCVTDQ2PS(r, r)
	VSUBPS(b.resZero, r, r)
	VMULPS(b.resMult, r, r)
	VADDPS(r, y, y)
}

// store clamps a row, rounds it to nearest even and narrows it.
func (c block) store(b bounds, y VecVirtual) {
	VMAXPS(b.lo, y, y)
	VMINPS(b.hi, y, y)
	VCVTPS2DQ(y, y)
	VPADDD(b.zero, y, y)
	VPMOVDB(y, c.mask, Mem{Base: c.dst})
}
