// Command depthwise_u8 writes depthwise_u8_amd64.s: depthwise convolution of codes
// to codes.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	generate("depthwiseU8", false)
	generate("depthwiseU8_zeros", true)
	Generate()
}

// block is how a number of channels is computed at once: 64, 32 or 16, of which
// the last may be cut short by a mask.
type block struct {
	channels int
	vector   func() VecVirtual
}

var blocks = []block{{64, ZMM}, {32, YMM}, {16, XMM}}

// state is what all blocks share.
type state struct {
	dst, x, left Register // of the first channel of the block; channels left
	w            Register // weights of the block
	columns      Register // bias, multipliers and zero points of the block
	lo, hi, zero VecVirtual
	most         VecVirtual // of a float before it becomes an integer
	one          VecVirtual // in every byte
	mask         Register
	zeros        bool // the weights have zero points
}

// generate emits a kernel.
//
// The codes of a block under four taps are interleaved by bytes and then by
// pairs, so that four codes of a channel lie side by side for VPDPBUSD. That
// leaves channels 4i to 4i+3 of every sixteen in vector i, which packing the
// results undoes. For the zero points of the weights the codes are summed as well.
func generate(name string, zeros bool) {
	name += "_avx512vnni_asm"
	TEXT(name, NOSPLIT, "func(dst, x *uint8, positions, step, channels int, taps *int32, quads int, w *int8, columns *int32, lo, hi, zero uint32)")
	Doc(name+" is DepthwiseU8.Run; positions, channels and quads > 0, and lo, hi (bytes) and zero",
		"(16 bits) fill their words.")
	s := &state{dst: Load(Param("dst"), GP64()), x: Load(Param("x"), GP64()), left: Load(Param("channels"), GP64()),
		w: Load(Param("w"), GP64()), columns: Load(Param("columns"), GP64()),
		lo: broadcast("lo"), hi: broadcast("hi"), zero: broadcast("zero"), most: ZMM(), one: ZMM(), mask: K(), zeros: zeros}
	word := GP32()
	MOVL(U32(0x01010101), word)
	VPBROADCASTD(word, s.one)
	MOVL(U32(math.Float32bits(1<<16)), word)
	VPBROADCASTD(word, s.most)
	for _, b := range blocks {
		s.loop(b)
	}
	Comment("Fewer than sixteen channels may be left.")
	TESTQ(s.left, s.left)
	JZ(LabelRef("done"))
	bits := GP64()
	MOVQ(I32(-1), bits)
	BZHIQ(s.left, bits, bits)
	KMOVW(bits.As32(), s.mask)
	s.block("rest", blocks[len(blocks)-1], true)
	Label("done")
	VZEROUPPER()
	RET()
}

// loop covers as many whole blocks as there are.
func (s *state) loop(b block) {
	name := fmt.Sprint("block", b.channels)
	Label(name)
	CMPQ(s.left, U8(b.channels))
	JLT(LabelRef(name + "_end"))
	s.block(name, b, false)
	SUBQ(U8(b.channels), s.left)
	JMP(LabelRef(name))
	Label(name + "_end")
}

// block computes all positions of a block and moves on to the next.
func (s *state) block(name string, b block, masked bool) {
	positions, x, dst, step := GP64(), GP64(), GP64(), GP64()
	MOVQ(s.x, x)
	MOVQ(s.dst, dst)
	Load(Param("positions"), positions)
	Label(name + "_position")
	sums, codes := b.vectors(4), b.vectors(4)
	for i := range sums {
		VMOVDQU32(b.column(s.columns, 0, i), sums[i])
		if s.zeros {
			VPXORD(codes[i], codes[i], codes[i])
		}
	}
	end := s.products(name, b, masked, x, sums, codes)
	for i := range sums {
		if s.zeros {
			VPDPWSSD(b.column(s.columns, 2, i), codes[i], sums[i])
		}
	}
	s.store(b, masked, sums, dst)
	Load(Param("step"), step)
	ADDQ(step, x)
	Load(Param("channels"), step)
	ADDQ(step, dst)
	DECQ(positions)
	JNZ(LabelRef(name + "_position"))
	MOVQ(end, s.w)
	ADDQ(I32(12*b.channels), s.columns)
	ADDQ(U8(b.channels), s.x)
	ADDQ(U8(b.channels), s.dst)
}

// products adds the products of all taps of a position to the sums, and what
// they read to codes. It returns the end of the weights of the block.
func (s *state) products(name string, b block, masked bool, x Register, sums, codes []VecVirtual) Register {
	w, taps, quads, tap := GP64(), GP64(), GP64(), GP64()
	MOVQ(s.w, w)
	Load(Param("taps"), taps)
	Load(Param("quads"), quads)
	Label(name + "_quad")
	rows := b.vectors(4)
	for i, v := range rows {
		MOVLQSX(Mem{Base: taps, Disp: 4 * i}, tap)
		if masked {
			VMOVDQU8_Z(Mem{Base: x, Index: tap, Scale: 1}, s.mask, v)
		} else {
			VMOVDQU8(Mem{Base: x, Index: tap, Scale: 1}, v)
		}
	}
	pairs, fours := b.vectors(4), b.vectors(4)
	for i := range 2 {
		VPUNPCKLBW(rows[2*i+1], rows[2*i], pairs[i])
		VPUNPCKHBW(rows[2*i+1], rows[2*i], pairs[2+i])
	}
	for i := range 2 {
		VPUNPCKLWD(pairs[2*i+1], pairs[2*i], fours[2*i])
		VPUNPCKHWD(pairs[2*i+1], pairs[2*i], fours[2*i+1])
	}
	for i, v := range fours {
		VPDPBUSD(Mem{Base: w, Disp: b.channels * i}, v, sums[i])
		if s.zeros {
			VPDPBUSD(b.part(s.one), v, codes[i])
		}
	}
	ADDQ(I32(4*b.channels), w)
	ADDQ(U8(16), taps)
	DECQ(quads)
	JNZ(LabelRef(name + "_quad"))
	return w
}

// store turns sums into codes. The conversion rounds to the nearest even; of
// what it cannot represent only the positive would come out wrong. Packing
// saturates, as the clamp after it would.
func (s *state) store(b block, masked bool, sums []VecVirtual, dst Register) {
	for i, v := range sums {
		VCVTDQ2PS(v, v)
		VMULPS(b.column(s.columns, 1, i), v, v)
		VMINPS(b.part(s.most), v, v)
		VCVTPS2DQ(v, v)
	}
	for i := range 2 {
		VPACKSSDW(sums[2*i+1], sums[2*i], sums[2*i])
		VPADDSW(b.part(s.zero), sums[2*i], sums[2*i])
	}
	VPACKUSWB(sums[2], sums[0], sums[0])
	VPMAXUB(b.part(s.lo), sums[0], sums[0])
	VPMINUB(b.part(s.hi), sums[0], sums[0])
	if masked {
		VMOVDQU8(sums[0], s.mask, Mem{Base: dst})
	} else {
		VMOVDQU8(sums[0], Mem{Base: dst})
	}
}

// column is vector i of the biases (0), multipliers (1) or zero points (2).
func (b block) column(columns Register, what, i int) Mem {
	return Mem{Base: columns, Disp: b.channels * (4*what + i)}
}

// part is the part of a Z register that the block uses.
func (b block) part(v VecVirtual) Op {
	switch b.channels {
	case 16:
		return v.AsX()
	case 32:
		return v.AsY()
	}
	return v
}

func (b block) vectors(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = b.vector()
	}
	return v
}

// broadcast fills a vector with an argument of four bytes.
func broadcast(name string) VecVirtual {
	v := ZMM()
	VPBROADCASTD(Load(Param(name), GP32()), v)
	return v
}
