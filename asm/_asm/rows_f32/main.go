// Command rows_f32 writes rows_f32_amd64.s: what moves and finishes rows of
// float32 around the micro-kernel.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	split(8, XMM)
	split(16, YMM)
	gather()
	finish()
	Generate()
}

// split takes the given number of columns apart at a time; the last ones end
// with the row and may overlap those before.
func split(lanes int, vector func() VecVirtual) {
	TEXT(fmt.Sprintf("splitRowsF32_%d_avx2_asm", lanes), NOSPLIT, "func(even, odd *float32, dstStride int, src *float32, srcStride, rows, n int)")
	Doc(fmt.Sprintf("splitRowsF32_%d_avx2_asm is SplitRowsF32 on an even number of columns; rows > 0, n >= %[1]d.", lanes))
	even, odd := Load(Param("even"), GP64()), Load(Param("odd"), GP64())
	dstStride := Load(Param("dstStride"), GP64())
	src := Load(Param("src"), GP64())
	srcStride := Load(Param("srcStride"), GP64())
	rows := Load(Param("rows"), GP64())
	last := Load(Param("n"), GP64())
	SHLQ(U8(2), dstStride)
	SHLQ(U8(2), srcStride)
	SUBQ(U8(lanes), last)
	j := GP64()
	Label("row")
	XORQ(j, j)
	Label("block")
	a, b, e, o := vector(), vector(), vector(), vector()
	VMOVUPS(Mem{Base: src, Index: j, Scale: 4}, a)
	VMOVUPS(Mem{Base: src, Index: j, Scale: 4, Disp: 2 * lanes}, b)
	VSHUFPS(U8(0x88), b, a, e)
	VSHUFPS(U8(0xdd), b, a, o)
	if lanes == 16 {
		Comment("Halves of registers were shuffled apart: put the quarters in order.")
		VPERMPD(U8(0xd8), e, e)
		VPERMPD(U8(0xd8), o, o)
	}
	VMOVUPS(e, Mem{Base: even, Index: j, Scale: 2})
	VMOVUPS(o, Mem{Base: odd, Index: j, Scale: 2})
	CMPQ(j, last)
	JEQ(LabelRef("next"))
	ADDQ(U8(lanes), j)
	CMPQ(j, last)
	CMOVQGT(last, j)
	JMP(LabelRef("block"))
	Label("next")
	ADDQ(srcStride, src)
	ADDQ(dstStride, even)
	ADDQ(dstStride, odd)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// gather copies rows from a table of offsets.
func gather() {
	const doc = " copies rows of %d to %d elements from offsets, of which none may exceed limit; rows > 0."
	const signature = "func(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, n int) (ok bool)"
	TEXT("gatherF32_avx2_asm", NOSPLIT, signature)
	Doc(fmt.Sprintf("gatherF32_avx2_asm"+doc, 1, 32))
	gatherBy(
		way{16, 2, 32, YMM, VMOVUPS},
		way{8, 1, 32, YMM, VMOVUPS},
		way{4, 1, 16, XMM, VMOVUPS},
		way{2, 1, 8, XMM, VMOVSD},
		way{1, 1, 4, XMM, VMOVSS},
	)
	TEXT("gatherF32_avx512_asm", NOSPLIT, signature)
	Doc(fmt.Sprintf("gatherF32_avx512_asm"+doc, 16, 32))
	gatherBy(way{16, 1, 64, ZMM, VMOVUPS})
}

// A way copies rows of least to twice least elements: by some moves from the
// start and as many up to the end, which overlap where a row is shorter.
type way struct {
	least, moves int
	bytes        int // of a move
	vector       func() VecVirtual
	move         func(...Op)
}

func gatherBy(ways ...way) {
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	src := Load(Param("src"), GP64())
	limit := Load(Param("limit"), GP64())
	offsets := Load(Param("offsets"), GP64())
	rows := Load(Param("rows"), GP64())
	n := Load(Param("n"), GP64())
	SHLQ(U8(2), stride)
	SHLQ(U8(2), n)
	for _, w := range ways[:len(ways)-1] {
		CMPQ(n, U8(4*w.least))
		JGE(LabelRef(w.label()))
	}
	JMP(LabelRef(ways[len(ways)-1].label()))
	row := GP64()
	for _, w := range ways {
		Label(w.label())
		Comment("An offset that is negative or too great, as unsigned numbers are, ends it.")
		MOVLQSX(Mem{Base: offsets}, row)
		CMPQ(row, limit)
		JHI(LabelRef("done"))
		LEAQ(Mem{Base: src, Index: row, Scale: 4}, row)
		w.copy(row, dst, n)
		ADDQ(I32(4), offsets)
		ADDQ(stride, dst)
		DECQ(rows)
		JNZ(LabelRef(w.label()))
		JMP(LabelRef("done"))
	}
	Label("done")
	bad := GP8()
	TESTQ(rows, rows)
	SETEQ(bad)
	Store(bad, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func (w way) label() string { return fmt.Sprint("rows", w.least) }

// copy copies a row of n bytes.
func (w way) copy(src, dst, n Register) {
	var moved []VecVirtual
	for i := range 2 * w.moves {
		v := w.vector()
		w.move(w.place(src, n, i), v)
		moved = append(moved, v)
	}
	for i, v := range moved {
		w.move(v, w.place(dst, n, i))
	}
}

// place is where move i of a row of n bytes begins.
func (w way) place(row, n Register, i int) Mem {
	if i < w.moves {
		return Mem{Base: row, Disp: w.bytes * i}
	}
	return Mem{Base: row, Index: n, Scale: 1, Disp: w.bytes * (i - 2*w.moves)}
}

// copyRow copies width bytes, a multiple of 32.
func copyRow(dst, src, width Register) {
	p, v := GP64(), YMM()
	XORQ(p, p)
	Label("group")
	VMOVUPS(Mem{Base: src, Index: p, Scale: 1}, v)
	VMOVUPS(v, Mem{Base: dst, Index: p, Scale: 1})
	ADDQ(I32(32), p)
	CMPQ(p, width)
	JLT(LabelRef("group"))
}

// finish adds what is constant in a row or comes from another and clamps.
func finish() {
	TEXT("finishF32_avx2_asm", NOSPLIT, "func(dst, acc, res *float32, bias, lo, hi float32, groups int)")
	Doc("finishF32_avx2_asm is FinishF32 on 8*groups elements; groups > 0 and res may be nil.")
	dst := Load(Param("dst"), GP64())
	acc := Load(Param("acc"), GP64())
	res := Load(Param("res"), GP64())
	end := Load(Param("groups"), GP64())
	var constants [3]VecVirtual
	for i, name := range []string{"bias", "lo", "hi"} {
		constants[i] = YMM()
		VMOVSS(param(name), constants[i].AsX())
		VBROADCASTSS(constants[i].AsX(), constants[i])
	}
	bias, lo, hi := constants[0], constants[1], constants[2]
	p, v := GP64(), YMM()
	SHLQ(U8(5), end)
	XORQ(p, p)
	Label("group")
	VADDPS(Mem{Base: acc, Index: p, Scale: 1}, bias, v)
	TESTQ(res, res)
	JZ(LabelRef("clamp"))
	VADDPS(Mem{Base: res, Index: p, Scale: 1}, v, v)
	Label("clamp")
	Comment("The order of the operands lets a NaN through.")
	VMAXPS(v, lo, v)
	VMINPS(v, hi, v)
	VMOVUPS(v, Mem{Base: dst, Index: p, Scale: 1})
	ADDQ(I32(32), p)
	CMPQ(p, end)
	JLT(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// param is the address of an argument.
func param(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}
