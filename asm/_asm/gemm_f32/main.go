// Command gemm_f32 writes gemm_f32_amd64.s: the float32 micro-kernels.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile is one micro-kernel: mr rows of nv vectors each. Its mr*nv sums, the nv
// vectors of B and one broadcast element of A must fit the registers.
type tile struct {
	name   string
	mr, nv int
	lanes  int // float32 elements in a vector
	vector func() VecVirtual
}

func main() {
	ConstraintExpr("!purego")
	for _, t := range []tile{
		{"gemmF32_4x24_avx2", 4, 3, 8, YMM},
		{"gemmF32_8x32_avx512", 8, 2, 16, ZMM},
	} {
		t.generate()
	}
	Generate()
}

func (t tile) generate() {
	TEXT(t.name+"_asm", NOSPLIT, "func(c *float32, ldc int, a, b *float32, k int)")
	Doc(fmt.Sprintf("%s_asm adds the product of the panels a and b to a %dx%d tile.", t.name, t.mr, t.nv*t.lanes))
	c := Load(Param("c"), GP64())
	stride := Load(Param("ldc"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	k := Load(Param("k"), GP64())
	SHLQ(U8(2), stride)

	Comment("The sums start from the old tile.")
	sums := make([]VecVirtual, t.mr*t.nv)
	row := GP64()
	MOVQ(c, row)
	for i := range sums {
		sums[i] = t.vector()
		VMOVUPS(t.at(row, i%t.nv), sums[i])
		t.nextRow(i, stride, row)
	}

	Comment("Callers go down the rows of C, so the next tile is below: fetch it.")
	for range t.mr {
		ADDQ(stride, row)
		for line := 0; line < 4*t.lanes*t.nv; line += 64 {
			PREFETCHT0(Mem{Base: row, Disp: line})
		}
	}

	TESTQ(k, k)
	JZ(LabelRef("store"))
	Label("loop")
	Comment("One step of k: a row of B times each element of A.")
	bs := make([]VecVirtual, t.nv)
	for j := range bs {
		bs[j] = t.vector()
		VMOVUPS(t.at(b, j), bs[j])
	}
	Comment("A may be weights that come from memory: ask for them early.")
	PREFETCHT0(Mem{Base: a, Disp: 2048})
	x := t.vector()
	for i := range t.mr {
		VBROADCASTSS(Mem{Base: a, Disp: 4 * i}, x)
		for j := range bs {
			VFMADD231PS(bs[j], x, sums[i*t.nv+j])
		}
	}
	ADDQ(I32(4*t.mr), a)
	ADDQ(I32(4*t.lanes*t.nv), b)
	DECQ(k)
	JNZ(LabelRef("loop"))

	Label("store")
	for i := range sums {
		VMOVUPS(sums[i], t.at(c, i%t.nv))
		t.nextRow(i, stride, c)
	}
	VZEROUPPER()
	RET()
}

// at is vector j of the row at p.
func (t tile) at(p Register, j int) Mem { return Mem{Base: p, Disp: 4 * t.lanes * j} }

// nextRow moves p to the next row of C after the last vector of a row.
func (t tile) nextRow(i int, stride, p Register) {
	if (i+1)%t.nv == 0 && i+1 < t.mr*t.nv {
		ADDQ(stride, p)
	}
}
