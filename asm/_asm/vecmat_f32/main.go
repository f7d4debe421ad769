// Command vecmat_f32 writes vecmat_f32_amd64.s: the product of a vector and a
// matrix in panels.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// kernel takes panels of nv vectors, several at a time: the matrix comes from
// memory, which answers several streams faster than one.
type kernel struct {
	name   string
	nv     int
	lanes  int
	vector func() VecVirtual
}

// streams is the number of panels that are read at once.
const streams = 4

func main() {
	ConstraintExpr("!purego")
	for _, k := range []kernel{
		{"vecMatF32_24_avx2", 3, 8, YMM},
		{"vecMatF32_32_avx512", 2, 16, ZMM},
	} {
		k.generate()
	}
	Generate()
}

func (k kernel) generate() {
	TEXT(k.name+"_asm", NOSPLIT, "func(dst, x *float32, k int, panels *float32, count int)")
	Doc(fmt.Sprintf("%s_asm is VecMatF32 on count panels of %d columns; k > 0.", k.name, k.nv*k.lanes))
	dst, x, depth := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("k"), GP64())
	panels, count := Load(Param("panels"), GP64()), Load(Param("count"), GP64())
	size, size3 := GP64(), GP64()
	IMUL3Q(I32(4*k.nv*k.lanes), depth, size)
	LEAQ(Mem{Base: size, Index: size, Scale: 2}, size3)
	for _, n := range []int{streams, 1} {
		name := fmt.Sprint("panels", n)
		Label(name)
		CMPQ(count, U8(n))
		JLT(LabelRef(name + "_end"))
		k.multiply(name, n, dst, x, depth, panels, []Mem{{}, {Index: size, Scale: 1}, {Index: size, Scale: 2}, {Index: size3, Scale: 1}})
		ADDQ(I32(4*n*k.nv*k.lanes), dst)
		for range n {
			ADDQ(size, panels)
		}
		SUBQ(U8(n), count)
		JMP(LabelRef(name))
		Label(name + "_end")
	}
	VZEROUPPER()
	RET()
}

// multiply computes the results of n panels, which are at the given places
// relative to the first.
func (k kernel) multiply(name string, n int, dst, x, depth, panels Register, places []Mem) {
	sums := make([]VecVirtual, n*k.nv)
	for i := range sums {
		sums[i] = k.vector()
		VXORPS(sums[i], sums[i], sums[i])
	}
	p, l, v := GP64(), GP64(), k.vector()
	MOVQ(panels, p)
	XORQ(l, l)
	Label(name + "_k")
	VBROADCASTSS(Mem{Base: x, Index: l, Scale: 4}, v)
	for i, place := range places[:n] {
		place.Base = p
		for j := range k.nv {
			place.Disp = 4 * k.lanes * j
			VFMADD231PS(place, v, sums[i*k.nv+j])
		}
	}
	ADDQ(I32(4*k.lanes*k.nv), p)
	INCQ(l)
	CMPQ(l, depth)
	JLT(LabelRef(name + "_k"))
	for i, s := range sums {
		VMOVUPS(s, Mem{Base: dst, Disp: 4 * k.lanes * i})
	}
}
