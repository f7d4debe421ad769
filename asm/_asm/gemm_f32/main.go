// Command gemm_f32 writes gemm_f32_amd64.s: the float32 micro-kernels.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
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
		{"4x24_avx2", 4, 3, 8, YMM},
		{"8x32_avx512", 8, 2, 16, ZMM},
	} {
		t.generate()
		t.generatePatches()
	}
	tile{"7x32_avx512", 7, 2, 16, ZMM}.generatePatches()
	Generate()
}

func (t tile) generate() {
	TEXT("gemmF32_"+t.name+"_asm", NOSPLIT, "func(c *float32, ldc int, a, b *float32, k int, from *float32, ldf int, bias, res *float32, lo, hi float32)")
	Doc(fmt.Sprintf("gemmF32_%s_asm sets a %dx%d tile c to from, or zero if that is nil, plus the product of the", t.name, t.mr, t.nv*t.lanes),
		"panels a and b. If bias is not nil, it finishes the tile with bias, res, lo and hi; res may be nil.")
	c := Load(Param("c"), GP64())
	stride := Load(Param("ldc"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	k := Load(Param("k"), GP64())
	from := Load(Param("from"), GP64())
	fromStride := Load(Param("ldf"), GP64())
	SHLQ(U8(2), stride)
	SHLQ(U8(2), fromStride)
	sums := make([]VecVirtual, t.mr*t.nv)
	for i := range sums {
		sums[i] = t.vector()
	}

	Comment("What the end needs: the rows of C if the sums start elsewhere, else those of the next")
	Comment("tile, which is below.")
	ahead := GP64()
	MOVQ(c, ahead)
	CMPQ(from, c)
	JNE(LabelRef("fetch"))
	for range t.mr {
		ADDQ(stride, ahead)
	}
	Label("fetch")
	for i := range t.mr {
		for line := 0; line < 4*t.lanes*t.nv; line += 64 {
			PREFETCHT0(Mem{Base: ahead, Disp: line})
		}
		if i+1 < t.mr {
			ADDQ(stride, ahead)
		}
	}

	TESTQ(from, from)
	JZ(LabelRef("zero"))
	for i := range sums {
		VMOVUPS(t.at(from, i%t.nv), sums[i])
		t.nextRow(i, fromStride, from)
	}
	JMP(LabelRef("begin"))
	Label("zero")
	for i := range sums {
		t.clear(sums[i])
	}
	Label("begin")
	t.multiply(sums, a, b, k)

	bias := Load(Param("bias"), GP64())
	TESTQ(bias, bias)
	JNZ(LabelRef("finish"))
	for i := range sums {
		VMOVUPS(sums[i], t.at(c, i%t.nv))
		t.nextRow(i, stride, c)
	}
	VZEROUPPER()
	RET()
	Label("finish")
	t.finish(sums, c, stride, bias)
	VZEROUPPER()
	RET()
}

// multiply adds k steps to the sums.
func (t tile) multiply(sums []VecVirtual, a, b, k Register) {
	TESTQ(k, k)
	JZ(LabelRef("end"))
	alignLoop()
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
	Label("end")
}

// generatePatches writes the kernel that takes A from where the patches lie.
func (t tile) generatePatches() {
	TEXT("patchesF32_"+t.name+"_asm", NOSPLIT, "func(sums, src *float32, taps *int32, k int, corners *int32, b, ahead *float32, fresh bool)")
	Doc(fmt.Sprintf("patchesF32_%s_asm is PatchesF32 on a %dx%d tile; k > 0.", t.name, t.mr, t.nv*t.lanes))
	src, corners := Load(Param("src"), GP64()), Load(Param("corners"), GP64())
	at := make([]GPVirtual, t.mr)
	for i := range at {
		at[i] = GP64()
		MOVLQSX(Mem{Base: corners, Disp: 4 * i}, at[i])
		LEAQ(Mem{Base: src, Index: at[i], Scale: 4}, at[i])
	}
	sums := make([]VecVirtual, t.mr*t.nv)
	for i := range sums {
		sums[i] = t.vector()
		t.clear(sums[i])
	}
	c, fresh := Load(Param("sums"), GP64()), Load(Param("fresh"), GP8())
	TESTB(fresh, fresh)
	JNZ(LabelRef("begin"))
	for i := range sums {
		VMOVUPS(t.at(c, i), sums[i])
	}
	Label("begin")
	taps, k := Load(Param("taps"), GP64()), Load(Param("k"), GP64())
	b, ahead := Load(Param("b"), GP64()), Load(Param("ahead"), GP64())
	bs := make([]VecVirtual, t.nv)
	for j := range bs {
		bs[j] = t.vector()
	}
	tap, x := GP64(), t.vector()
	alignLoop()
	Label("loop")
	Comment("One step of k: a row of B times the same tap of every patch.")
	MOVLQSX(Mem{Base: taps}, tap)
	for j := range bs {
		VMOVUPS(t.at(b, j), bs[j])
	}
	PREFETCHT1(Mem{Base: ahead})
	for i := range t.mr {
		VBROADCASTSS(Mem{Base: at[i], Index: tap, Scale: 4}, x)
		for j := range bs {
			VFMADD231PS(bs[j], x, sums[i*t.nv+j])
		}
	}
	ADDQ(I32(4), taps)
	ADDQ(I32(4*t.lanes*t.nv), b)
	ADDQ(I32(32), ahead)
	DECQ(k)
	JNZ(LabelRef("loop"))
	c = Load(Param("sums"), GP64())
	for i := range sums {
		VMOVUPS(sums[i], t.at(c, i))
	}
	VZEROUPPER()
	RET()
}

// finish is FinishF32 on every row.
func (t tile) finish(sums []VecVirtual, c, stride, bias Register) {
	res := Load(Param("res"), GP64())
	lo, hi, x := t.broadcast("lo"), t.broadcast("hi"), t.vector()
	for i := range t.mr {
		row := sums[i*t.nv:][:t.nv]
		VBROADCASTSS(Mem{Base: bias, Disp: 4 * i}, x)
		for j := range row {
			VADDPS(row[j], x, row[j])
		}
		TESTQ(res, res)
		JZ(LabelRef(fmt.Sprint("clamp", i)))
		for j := range row {
			VADDPS(t.at(res, j), row[j], row[j])
		}
		ADDQ(stride, res)
		Label(fmt.Sprint("clamp", i))
		for j := range row {
			Comment("The order of the operands lets a NaN through.")
			VMAXPS(row[j], lo, row[j])
			VMINPS(row[j], hi, row[j])
			VMOVUPS(row[j], t.at(c, j))
		}
		if i+1 < t.mr {
			ADDQ(stride, c)
		}
	}
}

// alignLoop lets the next instruction begin a line of the instruction cache.
func alignLoop() {
	Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{U8(64)}})
}

// clear sets a vector to zero.
func (t tile) clear(v VecVirtual) {
	if t.lanes == 16 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// broadcast fills a vector with an argument.
func (t tile) broadcast(name string) VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := t.vector()
	VBROADCASTSS(p.Addr, v)
	return v
}

// at is vector j of the row at p.
func (t tile) at(p Register, j int) Mem { return Mem{Base: p, Disp: 4 * t.lanes * j} }

// nextRow moves p to the next row of C after the last vector of a row.
func (t tile) nextRow(i int, stride, p Register) {
	if (i+1)%t.nv == 0 && i+1 < t.mr*t.nv {
		ADDQ(stride, p)
	}
}
