// Command plane3x3_f32 writes plane3x3_f32_amd64.s: 3x3 convolution of one plane
// of float32 that reads it where it lies.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes is the number of columns of a vector, masks that of the masks of a
// vector of columns, of which the last is that of the output.
const (
	lanes = 16
	masks = 5
)

func main() {
	ConstraintExpr("!purego")
	even, odd := numbers("even", 0), numbers("odd", 1)
	for stride := 1; stride <= 2; stride++ {
		generate(stride, even, odd)
	}
	Generate()
}

// numbers is a vector of every second number from first on.
func numbers(name string, first int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range lanes {
		DATA(4*i, U32(first+2*i))
	}
	return m
}

// state is what the blocks of rows share.
type state struct {
	stride      int
	dst         Register // of the first row of the block
	src         Register // what the first output of the block reads first
	row         Register // its number in the plane, which may be outside
	height      Register
	width       Register // in bytes, as columns is
	columns     Register
	rows        Register     // that are left
	col         Register     // first column of the vector, in bytes
	weights     []VecVirtual // in kh,kw order
	even, odd   VecVirtual   // indices of the lanes of two vectors
	lo, hi      VecVirtual
	bias        VecVirtual
	loads       []Op // masks
	out         Op
	maskPointer Register
}

// generate emits the convolution of a stride. Blocks of rows by one vector keep
// their sums in registers; every row of the plane is loaded once for the sums of
// up to three outputs. Seven rows are the most because planes of real networks
// are multiples of seven high.
func generate(stride int, even, odd Mem) {
	name := fmt.Sprintf("plane3x3F32_%d_avx512", stride)
	TEXT(name+"_asm", NOSPLIT, "func(dst, src, w *float32, masks *uint16, start, row, height, width, rows, columns int, bias, lo, hi float32)")
	Doc(fmt.Sprintf("%s_asm is Plane3x3F32.Run for stride %d. The first output reads src from start", name, stride),
		"on first, which is in the given row; rows, columns > 0.")
	s := &state{stride: stride,
		dst: Load(Param("dst"), GP64()), src: Load(Param("src"), GP64()),
		row: Load(Param("row"), GP64()), height: Load(Param("height"), GP64()), width: Load(Param("width"), GP64()),
		rows: Load(Param("rows"), GP64()), columns: Load(Param("columns"), GP64()),
		col: GP64(), maskPointer: GP64(),
		lo: broadcast("lo"), hi: broadcast("hi"), bias: broadcast("bias"), out: K(),
	}
	start := Load(Param("start"), GP64())
	LEAQ(Mem{Base: s.src, Index: start, Scale: 4}, s.src)
	SHLQ(U8(2), s.width)
	SHLQ(U8(2), s.columns)
	w := Load(Param("w"), GP64())
	for i := range 9 {
		v := ZMM()
		VBROADCASTSS(Mem{Base: w, Disp: 4 * i}, v)
		s.weights = append(s.weights, v)
	}
	for range []int{3, 4}[stride-1] {
		s.loads = append(s.loads, K())
	}
	if stride == 2 {
		s.even, s.odd = ZMM(), ZMM()
		VMOVUPS(even, s.even)
		VMOVUPS(odd, s.odd)
	}
	for _, rows := range []int{7, 4, 2, 1} {
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
	Load(Param("masks"), s.maskPointer)
	Label(column)
	for i, k := range append(s.loads, s.out) {
		if i == len(s.loads) {
			i = masks - 1
		}
		KMOVW(Mem{Base: s.maskPointer, Disp: 2 * i}, k)
	}
	s.vectors(rows)
	ADDQ(U8(2*masks), s.maskPointer)
	ADDQ(U8(4*lanes), s.col)
	CMPQ(s.col, s.columns)
	JLT(LabelRef(column))
	for range rows {
		ADDQ(s.columns, s.dst)
		for range s.stride {
			ADDQ(s.width, s.src)
		}
	}
	ADDQ(U8(rows*s.stride), s.row)
	SUBQ(U8(rows), s.rows)
	JMP(LabelRef(block))
	Label(end)
}

// vectors computes a vector of each row of the block. Rows outside the plane add
// nothing.
func (s *state) vectors(rows int) {
	sums := make([]VecVirtual, rows)
	for i := range sums {
		sums[i] = ZMM()
		VMOVAPS(s.bias, sums[i])
	}
	p, row := GP64(), GP64()
	LEAQ(Mem{Base: s.src, Index: s.col, Scale: uint8(s.stride)}, p)
	MOVQ(s.row, row)
	for q := range (rows-1)*s.stride + 3 {
		next := fmt.Sprintf("rows%d_%d", rows, q)
		CMPQ(row, s.height)
		JCC(LabelRef(next))
		x := s.load(p)
		for i := range sums {
			if kh := q - i*s.stride; kh >= 0 && kh < 3 {
				for kw, v := range x {
					VFMADD231PS(v, s.weights[3*kh+kw], sums[i])
				}
			}
		}
		Label(next)
		ADDQ(s.width, p)
		INCQ(row)
	}
	s.finish(sums)
}

// load is what the three taps of a kernel row read at p.
func (s *state) load(p Register) [3]VecVirtual {
	places := [][]int{{0, 1, 2}, {0, lanes, 2, 2 + lanes}}[s.stride-1]
	v := make([]VecVirtual, len(places))
	for i, place := range places {
		v[i] = ZMM()
		VMOVUPS_Z(Mem{Base: p, Disp: 4 * place}, s.loads[i], v[i])
	}
	if s.stride == 1 {
		return [3]VecVirtual(v)
	}
	first, second, third := ZMM(), ZMM(), ZMM()
	VMOVAPS(s.even, first)
	VPERMI2PS(v[1], v[0], first)
	VMOVAPS(s.odd, second)
	VPERMI2PS(v[1], v[0], second)
	VMOVAPS(s.even, third)
	VPERMI2PS(v[3], v[2], third)
	return [3]VecVirtual{first, second, third}
}

// finish clamps and stores the sums. The order of the operands lets a NaN
// through.
func (s *state) finish(sums []VecVirtual) {
	y := GP64()
	LEAQ(Mem{Base: s.dst, Index: s.col, Scale: 1}, y)
	for i, v := range sums {
		VMAXPS(v, s.lo, v)
		VMINPS(v, s.hi, v)
		VMOVUPS(v, s.out, Mem{Base: y})
		if i+1 < len(sums) {
			ADDQ(s.columns, y)
		}
	}
}

// broadcast fills a vector with an argument.
func broadcast(name string) VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := ZMM()
	VBROADCASTSS(p.Addr, v)
	return v
}
