package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes are the numbers by which wide loads codes: lane i gets the i-th four
// channels of each of four blocks.
func lanes() Mem {
	m := GLOBL("dwLanes", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(i%4*4+i/4))
	}
	return m
}

// wide is the kernel of AVX-512: up to four blocks of 16 channels at once.
//
// The codes under two taps are interleaved and widened in lanes of 16 bytes.
// They are loaded in such an order that this gives vectors of 16 consecutive
// channels.
type wide struct {
	acc, x, taps, w     Register
	stride, stride3     Register // of the weights of a block
	a, b                Register
	left, t, px         Register
	order, zero         VecVirtual
	positions, channels Register
}

func dwconvWide() {
	order := lanes()
	TEXT("dwConvU8_avx512vnni_asm", NOSPLIT, "func(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)")
	Doc("dwConvU8_avx512vnni_asm is DWConvU8; positions, channels and ntaps > 0.")
	k := wide{acc: Load(Param("acc"), GP64()), x: Load(Param("x"), GP64()), taps: Load(Param("taps"), GP64()),
		w: GP64(), stride: Load(Param("ntaps"), GP64()), stride3: GP64(), a: GP64(), b: GP64(), left: GP64(), t: GP64(), px: GP64(),
		order: ZMM(), zero: ZMM(), positions: Load(Param("positions"), GP64()), channels: GP64()}
	VMOVDQU32(order, k.order)
	VPXORD(k.zero, k.zero, k.zero)
	Comment("64 bytes of weights for every two taps.")
	ADDQ(U8(1), k.stride)
	SHRQ(U8(1), k.stride)
	SHLQ(U8(6), k.stride)
	LEAQ(Mem{Base: k.stride, Index: k.stride, Scale: 2}, k.stride3)

	Label("position")
	Load(Param("packed"), k.w)
	Load(Param("channels"), k.channels)
	MOVQ(k.x, k.px)
	SUBQ(U8(64), k.channels)
	JLT(LabelRef("rest"))
	Label("four")
	k.blocks(4)
	SUBQ(U8(64), k.channels)
	JGE(LabelRef("four"))

	Label("rest")
	ADDQ(U8(64), k.channels)
	JZ(LabelRef("next"))
	CMPQ(k.channels, U8(32))
	JL(LabelRef("one"))
	JE(LabelRef("two"))
	for _, n := range []int{3, 2, 1} {
		Label([]string{"", "one", "two", "three"}[n])
		k.blocks(n)
		if n > 1 {
			JMP(LabelRef("next"))
		}
	}

	Label("next")
	Load(Param("step"), k.a)
	ADDQ(k.a, k.x)
	DECQ(k.positions)
	JNZ(LabelRef("position"))
	VZEROUPPER()
	RET()
}

// blocks computes n blocks of channels at one position and moves on.
func (k wide) blocks(n int) {
	sums := make([]VecVirtual, n)
	for i := range sums {
		sums[i] = ZMM()
		VPXORD(sums[i], sums[i], sums[i])
	}
	MOVQ(k.taps, k.t)
	Load(Param("ntaps"), k.left)
	label := func(s string) string { return fmt.Sprintf("%s%d", s, n) }
	SUBQ(U8(2), k.left)
	JLT(LabelRef(label("odd")))

	Label(label("pair"))
	MOVLQSX(Mem{Base: k.t}, k.a)
	MOVLQSX(Mem{Base: k.t, Disp: 4}, k.b)
	k.pair(sums)
	ADDQ(U8(8), k.t)
	SUBQ(U8(2), k.left)
	JGE(LabelRef(label("pair")))

	Label(label("odd"))
	CMPQ(k.left, I8(-1))
	JNE(LabelRef(label("store")))
	MOVLQSX(Mem{Base: k.t}, k.a)
	MOVQ(k.a, k.b)
	k.pair(sums)

	Label(label("store"))
	for i, s := range sums {
		VMOVDQU32(s, Mem{Base: k.acc, Disp: 64 * i})
	}
	ADDQ(U32(64*n), k.acc)
	ADDQ(U8(16*n), k.px)
	Comment("The weights of the first block are behind us, those of the others before us.")
	switch n {
	case 4:
		ADDQ(k.stride3, k.w)
	case 3:
		LEAQ(Mem{Base: k.w, Index: k.stride, Scale: 2}, k.w)
	case 2:
		ADDQ(k.stride, k.w)
	}
}

// pair adds the products of the taps at offsets a and b and moves w on.
func (k wide) pair(sums []VecVirtual) {
	n := len(sums)
	a, b := k.load(k.a, n), k.load(k.b, n)
	low, high := ZMM(), ZMM()
	VPUNPCKLBW(b, a, low)
	if n > 2 {
		VPUNPCKHBW(b, a, high)
	}
	weights := []Mem{
		{Base: k.w},
		{Base: k.w, Index: k.stride, Scale: 1},
		{Base: k.w, Index: k.stride, Scale: 2},
		{Base: k.w, Index: k.stride3, Scale: 1},
	}
	for i, s := range sums {
		codes, v := []VecVirtual{low, low, high, high}[i], ZMM()
		if i%2 == 0 {
			VPUNPCKLBW(k.zero, codes, v)
		} else {
			VPUNPCKHBW(k.zero, codes, v)
		}
		VPDPWSSD(weights[i], v, s)
	}
	ADDQ(U8(64), k.w)
}

// load loads the codes of n blocks under the tap at an offset.
func (k wide) load(offset Register, n int) VecVirtual {
	v, m := ZMM(), Mem{Base: k.px, Index: offset, Scale: 1}
	switch n {
	case 4:
		VPERMD(m, k.order, v)
		return v
	case 3:
		VMOVDQU32(m, v.AsY())
		m.Disp = 32
		VINSERTI32X4(U8(2), m, v, v)
	case 2:
		VMOVDQU32(m, v.AsY())
	case 1:
		VMOVDQU32(m, v.AsX())
	}
	VPERMD(v, k.order, v)
	return v
}
