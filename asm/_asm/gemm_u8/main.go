// Command gemm_u8 writes gemm_u8_amd64.s: the integer micro-kernels.
//
// All kernels take steps = ceil(k/4) groups of four consecutive k. A step
// broadcasts four activations of a row to all 32-bit lanes and multiplies them
// by four weights of every output channel.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	ones := GLOBL("ones16", RODATA|NOPTR)
	for i := range 16 {
		DATA(2*i, U16(1))
	}
	deep(ones)
	single(ones)
	double(ones)
	wide()
	vnni(1)
	vnni(2)
	Generate()
}

// operands are the arguments that all kernels share. The rows of the
// activations are reached from one moving pointer.
type operands struct {
	c, w, steps Register
	row         []Mem // of the current step
	a           Register
}

// begin starts a kernel and loads its arguments; depth is nil without one.
func begin(name, doc string, mr int, extra string) operands {
	TEXT(name+"_asm", NOSPLIT, "func(c *int32, a *uint8, lda int, packed *byte, steps int"+extra+")")
	Doc(name + "_asm " + doc)
	o := operands{
		c:     Load(Param("c"), GP64()),
		a:     Load(Param("a"), GP64()),
		w:     Load(Param("packed"), GP64()),
		steps: Load(Param("steps"), GP64()),
	}
	lda := Load(Param("lda"), GP64())
	o.row = rows(o.a, lda, mr)
	return o
}

// rows addresses mr rows lda bytes apart with few registers: row i is
// base + lda*(i as a sum of one multiple of three kept in a register and a
// scale that the processor has).
func rows(a, lda Register, mr int) []Mem {
	multiples := map[int]Register{1: lda}
	r := make([]Mem, mr)
	for i := range r {
		r[i] = Mem{Base: a}
		if i == 0 {
			continue
		}
		odd, scale := i, 1
		for odd%2 == 0 && scale < 8 {
			odd, scale = odd/2, scale*2
		}
		if multiples[odd] == nil {
			p := GP64()
			IMUL3Q(I32(odd), lda, p)
			multiples[odd] = p
		}
		r[i] = Mem{Base: a, Index: multiples[odd], Scale: uint8(scale)}
	}
	return r
}

func vectors(n int, f func() VecVirtual) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = f()
	}
	return v
}

func zero(v []VecVirtual) {
	for _, r := range v {
		VPXOR(r, r, r)
	}
}

// store writes sums of the given bytes each to consecutive places of C.
func (o operands) store(sums []VecVirtual, bytes int) {
	for i, s := range sums {
		VMOVDQU(s, Mem{Base: o.c, Disp: bytes * i})
	}
}

// deep sums up to depth steps in 16 bits before it widens them: the sums in C
// are in memory, so that all registers hold 16-bit sums.
func deep(ones Mem) {
	const mr = 6
	o := begin(fmt.Sprintf("gemmU8S5_%dx16c4_avx2", mr), "is for weights so narrow that depth steps fit in 16 bits.", mr, ", depth int")
	depth := Load(Param("depth"), GP64())
	sums := vectors(2*mr, YMM)
	w := vectors(2, YMM)
	x, t := YMM(), YMM()
	zero(sums[:1])
	for i := range sums {
		VMOVDQU(sums[0], Mem{Base: o.c, Disp: 32 * i})
	}
	n := GP64()

	Label("block")
	Comment("n = min(depth, steps) steps go into one block.")
	TESTQ(o.steps, o.steps)
	JZ(LabelRef("done"))
	MOVQ(depth, n)
	CMPQ(o.steps, n)
	CMOVQLT(o.steps, n)
	SUBQ(n, o.steps)
	step := func(multiply func(w, x, sum Op)) {
		VMOVDQU(Mem{Base: o.w}, w[0])
		VMOVDQU(Mem{Base: o.w, Disp: 32}, w[1])
		for i := range mr {
			VPBROADCASTD(o.row[i], x)
			for j := range w {
				multiply(w[j], x, sums[2*i+j])
			}
		}
		ADDQ(I8(4), o.a)
		ADDQ(I8(64), o.w)
		DECQ(n)
	}
	Comment("The first step sets the sums.")
	step(func(w, x, sum Op) { VPMADDUBSW(w, x, sum) })
	JZ(LabelRef("widen"))

	Label("step")
	step(func(w, x, sum Op) {
		VPMADDUBSW(w, x, t)
		VPADDW(t, sum, sum)
	})
	JNZ(LabelRef("step"))

	Label("widen")
	Comment("Widen pairs to 32 bits and add them to C.")
	for i, s := range sums {
		VPMADDWD(ones, s, s)
		VPADDD(Mem{Base: o.c, Disp: 32 * i}, s, s)
		VMOVDQU(s, Mem{Base: o.c, Disp: 32 * i})
	}
	JMP(LabelRef("block"))

	Label("done")
	VZEROUPPER()
	RET()
}

// single widens every step: a pair of products of 7-bit weights just fits.
func single(ones Mem) {
	const mr = 6
	o := begin(fmt.Sprintf("gemmU8S7_%dx16c4_avx2", mr), "is for 7-bit weights, of which one step fits in 16 bits.", mr, "")
	sums := vectors(2*mr, YMM)
	w := vectors(2, YMM)
	x, t := YMM(), YMM()
	zero(sums)
	TESTQ(o.steps, o.steps)
	JZ(LabelRef("done"))

	Label("step")
	VMOVDQU(Mem{Base: o.w}, w[0])
	VMOVDQU(Mem{Base: o.w, Disp: 32}, w[1])
	for i := range mr {
		VPBROADCASTD(o.row[i], x)
		for j := range w {
			VPMADDUBSW(w[j], x, t)
			VPMADDWD(ones, t, t)
			VPADDD(t, sums[2*i+j], sums[2*i+j])
		}
	}
	ADDQ(I32(4), o.a)
	ADDQ(I32(64), o.w)
	DECQ(o.steps)
	JNZ(LabelRef("step"))

	Label("done")
	o.store(sums, 32)
	VZEROUPPER()
	RET()
}

// double widens every second step.
func double(ones Mem) {
	const mr = 4
	o := begin(fmt.Sprintf("gemmU8S6_%dx16c4_avx2", mr), "is for 6-bit weights, of which two steps fit in 16 bits.", mr, "")
	sums := vectors(2*mr, YMM)
	w := vectors(4, YMM)
	x := YMM()
	t := vectors(2, YMM)
	p := YMM()
	zero(sums)
	SUBQ(I32(2), o.steps)
	JLT(LabelRef("odd"))

	Label("pair")
	for j := range w {
		VMOVDQU(Mem{Base: o.w, Disp: 32 * j}, w[j])
	}
	for i := range mr {
		VPBROADCASTD(o.row[i], x)
		for j := range t {
			VPMADDUBSW(w[j], x, t[j])
		}
		next := o.row[i]
		next.Disp += 4
		VPBROADCASTD(next, x)
		for j := range t {
			VPMADDUBSW(w[2+j], x, p)
			VPADDW(p, t[j], t[j])
			VPMADDWD(ones, t[j], t[j])
			VPADDD(t[j], sums[2*i+j], sums[2*i+j])
		}
	}
	ADDQ(I32(8), o.a)
	ADDQ(I32(128), o.w)
	SUBQ(I32(2), o.steps)
	JGE(LabelRef("pair"))

	Label("odd")
	Comment("One step may be left.")
	ADDQ(I32(1), o.steps)
	JLT(LabelRef("done"))
	for i := range mr {
		VPBROADCASTD(o.row[i], x)
		for j := range t {
			VPMADDUBSW(Mem{Base: o.w, Disp: 32 * j}, x, t[j])
			VPMADDWD(ones, t[j], t[j])
			VPADDD(t[j], sums[2*i+j], sums[2*i+j])
		}
	}

	Label("done")
	o.store(sums, 32)
	VZEROUPPER()
	RET()
}

// wide multiplies in 16 bits, where no product or sum of two saturates. Weights
// are packed as 16 bits, the even k of a step before the odd ones.
func wide() {
	const mr = 4
	o := begin(fmt.Sprintf("gemmU8S8_%dx16c4_avx2", mr), "is for weights of any width.", mr, "")
	sums := vectors(2*mr, YMM)
	w := vectors(4, YMM)
	even, odd, t, mask := YMM(), YMM(), YMM(), YMM()
	Comment("mask selects the even bytes.")
	VPCMPEQD(mask, mask, mask)
	VPSRLW(U8(8), mask, mask)
	zero(sums)
	TESTQ(o.steps, o.steps)
	JZ(LabelRef("done"))

	Label("step")
	for j := range w {
		VMOVDQU(Mem{Base: o.w, Disp: 32 * j}, w[j])
	}
	for i := range mr {
		VPBROADCASTD(o.row[i], odd)
		VPAND(mask, odd, even)
		VPSRLW(U8(8), odd, odd)
		for j := range 2 {
			VPMADDWD(w[j], even, t)
			VPADDD(t, sums[2*i+j], sums[2*i+j])
		}
		for j := range 2 {
			VPMADDWD(w[2+j], odd, t)
			VPADDD(t, sums[2*i+j], sums[2*i+j])
		}
	}
	ADDQ(I32(4), o.a)
	ADDQ(I32(128), o.w)
	DECQ(o.steps)
	JNZ(LabelRef("step"))

	Label("done")
	o.store(sums, 32)
	VZEROUPPER()
	RET()
}

// vnni multiplies and adds four products in one exact instruction, for one
// panel or two and any multiple of mr rows.
func vnni(panels int) {
	const mr = 12
	name := fmt.Sprintf("gemmU8S8_%dx%dc4_avx512vnni_asm", mr, 16*panels)
	TEXT(name, NOSPLIT, "func(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)")
	Doc(name+" is for weights of any width and at least one block of rows. The sums and the",
		"weights of a second panel are cstep and wstep bytes after those of the first.")
	c, a, lda := Load(Param("c"), GP64()), Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	row := rows(a, lda, mr)
	left, w, steps := Load(Param("rows"), GP64()), GP64(), GP64()
	panel := []Mem{{Base: w}}
	if panels == 2 {
		panel = append(panel, Mem{Base: w, Index: Load(Param("wstep"), GP64()), Scale: 1})
	}
	sums, v, x := vectors(mr*panels, ZMM), vectors(panels, ZMM), ZMM()

	Label("rows")
	for _, s := range sums {
		VPXORD(s, s, s)
	}
	Load(Param("packed"), w)
	Load(Param("steps"), steps)
	TESTQ(steps, steps)
	JZ(LabelRef("store"))

	Label("step")
	for j := range v {
		VMOVDQU32(panel[j], v[j])
	}
	for i := range mr {
		VPBROADCASTD(row[i], x)
		for j := range v {
			VPDPBUSD(v[j], x, sums[i*panels+j])
		}
	}
	ADDQ(I32(4), a)
	ADDQ(I32(64), w)
	DECQ(steps)
	JNZ(LabelRef("step"))

	Label("store")
	at := GP64()
	MOVQ(c, at)
	for j := range panels {
		for i := range mr {
			VMOVDQU32(sums[i*panels+j], Mem{Base: at, Disp: 64 * i})
		}
		if j == 0 && panels == 2 {
			ADDQ(Load(Param("cstep"), w), at)
		}
	}
	Comment("The next rows; a has moved on by four bytes a step.")
	ADDQ(U32(64*mr), c)
	Load(Param("steps"), steps)
	SHLQ(U8(2), steps)
	SUBQ(steps, a)
	IMUL3Q(I32(mr), lda, steps)
	ADDQ(steps, a)
	SUBQ(U32(mr), left)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}
