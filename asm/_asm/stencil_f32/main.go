// Command stencil_f32 writes stencil_f32_amd64.s: weighted sums and maxima of a
// plane of float32 with itself, moved.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// kernel is one form of the stencil. It computes blocks of up to eight rows by
// one vector, whose results stay in registers over all taps. The last vector of a
// row ends with the row and may overlap the one before. Vectors of 16 elements
// would be slower: two of three of them would straddle cache lines.
type kernel struct {
	name   string
	sum    bool // else the maximum
	lanes  int
	vector func() VecVirtual
}

func main() {
	ConstraintExpr("!purego")
	for _, k := range []kernel{
		{"stencilF32_4_avx2", true, 4, XMM},
		{"stencilF32_8_avx2", true, 8, YMM},
		{"maxStencilF32_4_avx2", false, 4, XMM},
		{"maxStencilF32_8_avx2", false, 8, YMM},
	} {
		k.generate()
	}
	Generate()
}

// state is what the blocks share.
type state struct {
	kernel
	dst, src           Register // of the first row of the block
	stride, stride3    Register // of src, in bytes, and its triple
	offsets, w         Register
	rows, columns, col Register // col is the first column of the vector
}

func (k kernel) generate() {
	method, arguments := "Max", "dst, src *float32, stride int, offsets *int32, taps, rows, columns int"
	if k.sum {
		method, arguments = "Run", "dst, src *float32, stride int, offsets *int32, w *float32, taps, rows, columns int, bias, lo, hi float32"
	}
	TEXT(k.name+"_asm", NOSPLIT, "func("+arguments+")")
	Doc(fmt.Sprintf("%s_asm is StencilF32.%s on planes of at least %d columns; taps > 0.", k.name, method, k.lanes))
	s := &state{kernel: k,
		dst: Load(Param("dst"), GP64()), src: Load(Param("src"), GP64()),
		stride: Load(Param("stride"), GP64()), stride3: GP64(),
		offsets: Load(Param("offsets"), GP64()),
		rows:    Load(Param("rows"), GP64()), columns: Load(Param("columns"), GP64()), col: GP64(),
	}
	if k.sum {
		s.w = Load(Param("w"), GP64())
	}
	SHLQ(U8(2), s.stride)
	LEAQ(Mem{Base: s.stride, Index: s.stride, Scale: 2}, s.stride3)
	for rows := 8; rows > 0; rows /= 2 {
		s.blocks(rows)
	}
	VZEROUPPER()
	RET()
}

// blocks emits a loop over blocks of the given number of rows.
func (s *state) blocks(rows int) {
	block, column, end := fmt.Sprint("block", rows), fmt.Sprint("column", rows), fmt.Sprint("end", rows)
	Label(block)
	CMPQ(s.rows, U8(rows))
	JLT(LabelRef(end))
	XORQ(s.col, s.col)
	Label(column)
	s.vectors(rows)
	s.next(column)
	for range rows {
		ADDQ(s.stride, s.src)
		LEAQ(Mem{Base: s.dst, Index: s.columns, Scale: 4}, s.dst)
	}
	SUBQ(U8(rows), s.rows)
	JMP(LabelRef(block))
	Label(end)
}

// next moves on to the next vector of the block, if there is one.
func (s *state) next(column string) {
	last := GP64()
	LEAQ(Mem{Base: s.columns, Disp: -s.lanes}, last)
	CMPQ(s.col, last)
	JEQ(LabelRef(column + "_done"))
	ADDQ(U8(s.lanes), s.col)
	CMPQ(s.col, last)
	CMOVQGT(last, s.col)
	JMP(LabelRef(column))
	Label(column + "_done")
}

// vectors computes a vector of each row of the block.
func (s *state) vectors(rows int) {
	results := make([]VecVirtual, rows)
	for i := range results {
		results[i] = s.vector()
	}
	s.begin(results)
	x, t, p, q, weight := GP64(), GP64(), GP64(), GP64(), s.vector()
	LEAQ(Mem{Base: s.src, Index: s.col, Scale: 4}, x)
	XORQ(t, t)
	tap := fmt.Sprint("tap", rows)
	Label(tap)
	MOVLQSX(Mem{Base: s.offsets, Index: t, Scale: 4}, p)
	LEAQ(Mem{Base: x, Index: p, Scale: 4}, p)
	if rows > 4 {
		LEAQ(Mem{Base: p, Index: s.stride, Scale: 4}, q)
	}
	if s.sum {
		VBROADCASTSS(Mem{Base: s.w, Index: t, Scale: 4}, weight)
	}
	for i, v := range results {
		element := s.row([2]Register{p, q}, i)
		if s.sum {
			VFMADD231PS(element, weight, v)
		} else {
			s.maximum(element, v)
		}
	}
	INCQ(t)
	CMPQ(t, param("taps"))
	JLT(LabelRef(tap))
	s.finish(results)
}

// begin sets the results to what they are without any tap.
func (s *state) begin(results []VecVirtual) {
	if s.sum {
		for _, v := range results {
			VBROADCASTSS(param("bias"), v)
		}
		return
	}
	bits := GP32()
	MOVL(U32(math.Float32bits(float32(math.Inf(-1)))), bits)
	VMOVD(bits, results[0].AsX())
	for i := range results {
		VBROADCASTSS(results[0].AsX(), results[len(results)-1-i])
	}
}

// maximum is v = max(x, v). The order of the operands keeps a NaN of v; that of
// x is all ones, which are a NaN too.
func (s *state) maximum(element Mem, v VecVirtual) {
	const unordered = 3
	x, nan := s.vector(), s.vector()
	VMOVUPS(element, x)
	VCMPPS(U8(unordered), x, x, nan)
	VMAXPS(v, x, v)
	VORPS(nan, v, v)
}

// row is the address of row i of eight; the second base is that of row 4.
func (s *state) row(base [2]Register, i int) Mem {
	m := Mem{Base: base[i/4]}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = s.stride, 1
	case 2:
		m.Index, m.Scale = s.stride, 2
	case 3:
		m.Index, m.Scale = s.stride3, 1
	}
	return m
}

// finish clamps sums and stores the results. The order of the operands lets a NaN
// through.
func (s *state) finish(results []VecVirtual) {
	lo, hi, y := s.vector(), s.vector(), GP64()
	if s.sum {
		VBROADCASTSS(param("lo"), lo)
		VBROADCASTSS(param("hi"), hi)
	}
	LEAQ(Mem{Base: s.dst, Index: s.col, Scale: 4}, y)
	for i, v := range results {
		if s.sum {
			VMAXPS(v, lo, v)
			VMINPS(v, hi, v)
		}
		VMOVUPS(v, Mem{Base: y})
		if i+1 < len(results) {
			LEAQ(Mem{Base: y, Index: s.columns, Scale: 4}, y)
		}
	}
}

// param is the address of an argument.
func param(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}
