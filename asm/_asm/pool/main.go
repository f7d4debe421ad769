// Command pool writes pool_amd64.s: the steps of pooling codes.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	maximum(32, YMM)
	maximum(16, XMM)
	sum()
	Generate()
}

// maximum takes blocks of channels through all taps; the last block ends with
// the position and may overlap the one before.
func maximum(block int, vector func() VecVirtual) {
	name := fmt.Sprintf("maxTapsU8_%d_avx2_asm", block)
	TEXT(name, NOSPLIT, "func(dst, x *uint8, taps *int32, positions, step, channels, ntaps int)")
	Doc(fmt.Sprintf("%s is MaxTapsU8; positions and ntaps > 0, channels >= %d.", name, block))
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	taps := Load(Param("taps"), GP64())
	positions := Load(Param("positions"), GP64())
	step := Load(Param("step"), GP64())
	channels := Load(Param("channels"), GP64())
	ntaps := Load(Param("ntaps"), GP64())
	last, at, t, px, offset, v := GP64(), GP64(), GP64(), GP64(), GP64(), vector()
	MOVQ(channels, last)
	SUBQ(U8(block), last)

	Label("position")
	XORQ(at, at)
	Label("block")
	CMPQ(at, last)
	CMOVQGT(last, at)
	LEAQ(Mem{Base: x, Index: at, Scale: 1}, px)
	VPXOR(v, v, v)
	XORQ(t, t)
	Label("tap")
	MOVLQSX(Mem{Base: taps, Index: t, Scale: 4}, offset)
	VPMAXUB(Mem{Base: px, Index: offset, Scale: 1}, v, v)
	INCQ(t)
	CMPQ(t, ntaps)
	JLT(LabelRef("tap"))
	VMOVDQU(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(U8(block), at)
	CMPQ(at, channels)
	JLT(LabelRef("block"))
	ADDQ(step, x)
	ADDQ(channels, dst)
	DECQ(positions)
	JNZ(LabelRef("position"))
	VZEROUPPER()
	RET()
}

// sum takes 8 bytes at a time.
func sum() {
	TEXT("addU8_avx2_asm", NOSPLIT, "func(sums *int32, x *uint8, groups int)")
	Doc("addU8_avx2_asm adds 8*groups codes to sums; groups > 0.")
	sums := Load(Param("sums"), GP64())
	x := Load(Param("x"), GP64())
	groups := Load(Param("groups"), GP64())
	v := YMM()
	Label("group")
	VPMOVZXBD(Mem{Base: x}, v)
	VPADDD(Mem{Base: sums}, v, v)
	VMOVDQU(v, Mem{Base: sums})
	ADDQ(U8(8), x)
	ADDQ(U8(32), sums)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}
