// Command pointwise_f32 writes pointwise_f32_amd64.s: the micro-kernels of 1x1
// convolutions, which read their planes where they lie.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// kernel computes mr channels. It takes three vectors of positions at a time,
// then two, then one, then what is left under a mask.
type kernel struct {
	name    string
	mr      int
	lanes   int // float32 elements in a vector
	vector  func() VecVirtual
	single  bool                // has a tile of one position more than three vectors
	numbers Mem                 // of the first eight lanes
	mask    func(n Register) Op // the first n lanes, n < lanes
	load    func(mask Op, from Mem, to VecVirtual)
	store   func(mask Op, from VecVirtual, to Mem)
}

func main() {
	ConstraintExpr("!purego")
	numbers := GLOBL("numbers8", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(i))
	}
	for _, k := range []kernel{
		{
			name: "pointwiseF32_4x24_avx2", mr: 4, lanes: 8, vector: YMM,
			mask: func(n Register) Op {
				m := YMM()
				VMOVD(n.(GPVirtual).As32(), m.AsX())
				VPBROADCASTD(m.AsX(), m)
				VPCMPGTD(numbers, m, m)
				return m
			},
			load:  func(mask Op, from Mem, to VecVirtual) { VMASKMOVPS(from, mask, to) },
			store: func(mask Op, from VecVirtual, to Mem) { VMASKMOVPS(from, mask, to) },
		},
		{
			name: "pointwiseF32_8x48_avx512", mr: 8, lanes: 16, vector: ZMM, single: true, numbers: numbers,
			mask: func(n Register) Op {
				all, m := GP64(), K()
				MOVQ(I32(-1), all)
				BZHIQ(n, all, all)
				KMOVW(all.As32(), m)
				return m
			},
			load:  func(mask Op, from Mem, to VecVirtual) { VMOVUPS_Z(from, mask, to) },
			store: func(mask Op, from VecVirtual, to Mem) { VMOVUPS(from, mask, to) },
		},
	} {
		k.generate()
	}
	Generate()
}

// state is the registers that all tiles share.
type state struct {
	kernel
	dst, x, res     Register // of the first position of the tile
	stride, xStride Register // in bytes
	w, k, bias, n   Register
	row, other, end Register // of moving pointers
}

func (k kernel) generate() {
	TEXT(k.name+"_asm", NOSPLIT, "func(dst *float32, stride int, x *float32, xStride int, w *float32, k int, bias, res *float32, n int, lo, hi float32)")
	Doc(fmt.Sprintf("%s_asm computes n positions of %d channels; k > 0, and res may be nil.", k.name, k.mr))
	s := &state{kernel: k,
		dst: Load(Param("dst"), GP64()), x: Load(Param("x"), GP64()), res: Load(Param("res"), GP64()),
		stride: Load(Param("stride"), GP64()), xStride: Load(Param("xStride"), GP64()), w: Load(Param("w"), GP64()), k: Load(Param("k"), GP64()),
		bias: Load(Param("bias"), GP64()), n: Load(Param("n"), GP64()),
		row: GP64(), other: GP64(), end: GP64(),
	}
	SHLQ(U8(2), s.stride)
	SHLQ(U8(2), s.xStride)
	for nv := 3; nv > 0; nv-- {
		name := fmt.Sprint("tile", nv)
		Label(name)
		CMPQ(s.n, U8(nv*s.lanes))
		JLT(LabelRef(name + "_end"))
		if nv == 3 && s.single {
			CMPQ(s.n, U8(nv*s.lanes+1))
			JEQ(LabelRef("plane49"))
		}
		s.tile(name, nv, nil, nil)
		for _, p := range []Register{s.dst, s.x, s.res} {
			ADDQ(I32(4*nv*s.lanes), p)
		}
		SUBQ(U8(nv*s.lanes), s.n)
		JMP(LabelRef(name))
		Label(name + "_end")
	}
	TESTQ(s.n, s.n)
	JZ(LabelRef("done"))
	s.tile("rest", 1, s.mask(s.n), nil)
	Label("done")
	VZEROUPPER()
	RET()
	if s.single {
		Comment("Planes of 7x7 are common: they leave a single position.")
		Label("plane49")
		s.tile("plane49", 3, nil, &single{sums: YMM(), x: YMM()})
		VZEROUPPER()
		RET()
	}
}

// single is one position of eight channels, after the vectors of a tile.
type single struct{ sums, x VecVirtual }

// add adds the products of a step to the sums.
func (o *single) add(w Mem, x Mem) {
	VBROADCASTSS(x, o.x)
	VFMADD231PS(w, o.x, o.sums)
}

// finish is like the other: the channels are a stride apart in memory.
func (o *single) finish(s *state, dst, res Mem, lo, hi VecVirtual) {
	at, k, t := YMM(), K(), YMM()
	elements := GP64()
	MOVQ(s.stride, elements)
	SHRQ(U8(2), elements)
	VPBROADCASTD(elements.As32(), at)
	VPMULLD(s.numbers, at, at)
	VADDPS(Mem{Base: s.bias}, o.sums, o.sums)
	CMPQ(param("res"), U8(0))
	JEQ(LabelRef("single_clamp"))
	KXNORB(k, k, k)
	res.Index, res.Scale = at, 4
	VGATHERDPS(res, k, t)
	VADDPS(t, o.sums, o.sums)
	Label("single_clamp")
	VMAXPS(o.sums, lo.AsY(), o.sums)
	VMINPS(o.sums, hi.AsY(), o.sums)
	KXNORB(k, k, k)
	dst.Index, dst.Scale = at, 4
	VSCATTERDPS(o.sums, k, dst)
}

// tile computes nv vectors of positions of every channel, the last under the
// mask unless that is nil, and a single position after them unless that is nil.
func (s *state) tile(name string, nv int, mask Op, one *single) {
	sums := make([]VecVirtual, s.mr*nv)
	for i := range sums {
		sums[i] = s.vector()
		VXORPS(sums[i], sums[i], sums[i])
	}
	if one != nil {
		VXORPS(one.sums, one.sums, one.sums)
	}
	x, w, left := s.row, s.other, s.end
	MOVQ(s.x, x)
	MOVQ(s.w, w)
	MOVQ(s.k, left)
	Label(name + "_k")
	plane := make([]VecVirtual, nv)
	for j := range plane {
		plane[j] = s.vector()
		s.loadVector(mask, j == nv-1, Mem{Base: x, Disp: 4 * s.lanes * j}, plane[j])
	}
	if one != nil {
		one.add(Mem{Base: w}, Mem{Base: x, Disp: 4 * s.lanes * nv})
	}
	Comment("Weights may come from memory: ask for them early.")
	PREFETCHT0(Mem{Base: w, Disp: 2048})
	weight := s.vector()
	for i := range s.mr {
		VBROADCASTSS(Mem{Base: w, Disp: 4 * i}, weight)
		for j, p := range plane {
			VFMADD231PS(p, weight, sums[i*nv+j])
		}
	}
	ADDQ(s.xStride, x)
	ADDQ(I32(4*s.mr), w)
	DECQ(left)
	JNZ(LabelRef(name + "_k"))
	s.finish(name, nv, mask, sums, one)
}

func (s *state) loadVector(mask Op, last bool, from Mem, to VecVirtual) {
	if mask != nil && last {
		s.load(mask, from, to)
		return
	}
	VMOVUPS(from, to)
}

// finish adds the bias and the residual to the sums, clamps and stores them. The
// order of the operands lets a NaN through.
func (s *state) finish(name string, nv int, mask Op, sums []VecVirtual, one *single) {
	lo, hi, t := s.vector(), s.vector(), s.vector()
	VBROADCASTSS(param("lo"), lo)
	VBROADCASTSS(param("hi"), hi)
	dst, res := s.row, s.other
	MOVQ(s.dst, dst)
	MOVQ(s.res, res)
	if one != nil {
		after := 4 * s.lanes * nv
		one.finish(s, Mem{Base: dst, Disp: after}, Mem{Base: res, Disp: after}, lo, hi)
	}
	for i := range s.mr {
		row := sums[i*nv:][:nv]
		VBROADCASTSS(Mem{Base: s.bias, Disp: 4 * i}, t)
		for _, v := range row {
			VADDPS(v, t, v)
		}
		clamp := fmt.Sprint(name, "_clamp", i)
		CMPQ(param("res"), U8(0))
		JEQ(LabelRef(clamp))
		for j, v := range row {
			s.loadVector(mask, j == nv-1, Mem{Base: res, Disp: 4 * s.lanes * j}, t)
			VADDPS(t, v, v)
		}
		Label(clamp)
		for j, v := range row {
			VMAXPS(v, lo, v)
			VMINPS(v, hi, v)
			to := Mem{Base: dst, Disp: 4 * s.lanes * j}
			if mask != nil && j == nv-1 {
				s.store(mask, v, to)
			} else {
				VMOVUPS(v, to)
			}
		}
		if i+1 < s.mr {
			ADDQ(s.stride, dst)
			ADDQ(s.stride, res)
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
