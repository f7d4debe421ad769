// Command quantize writes quantize_amd64.s: codes of real values.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	quantize()
	Generate()
}

// quantize multiplies by the inverse of the scale in float64 instead of
// dividing. That changes quotients by their last bits, which matters only where
// the quotient of two float32 is exactly halfway between two integers; all
// others below 2^9 are at least 2^-25 away from there. Adding 1.5*2^14 and
// subtracting it again rounds to multiples of 2^-38 and so removes the change.
//
// Values are clamped before: to whole numbers, so that the order makes no
// difference. The maximum gives its second operand where the first is no number.
func quantize() {
	TEXT("quantizeU8_avx2_asm", NOSPLIT, "func(dst *uint8, step int, x *float32, groups int, inverse, lo, hi float64, zero int)")
	Doc("quantizeU8_avx2_asm is QuantizeU8 on groups of eight values; lo and hi are the bounds less zero.")
	dst := Load(Param("dst"), GP64())
	step := Load(Param("step"), GP64())
	x := Load(Param("x"), GP64())
	groups := Load(Param("groups"), GP64())
	inverse, lo, hi := broadcast("inverse"), broadcast("lo"), broadcast("hi")
	bits, zero, magic := GP64(), XMM(), YMM()
	MOVQ(U64(0x40d8000000000000), bits) // 1.5*2^14
	VMOVQ(bits, magic.AsX())
	VBROADCASTSD(magic.AsX(), magic)
	Load(Param("zero"), bits)
	VMOVD(bits.As32(), zero)
	VPBROADCASTW(zero, zero)

	Label("group")
	var half [2]VecVirtual
	for i := range half {
		y := YMM()
		VCVTPS2PD(Mem{Base: x, Disp: 16 * i}, y)
		VMULPD(inverse, y, y)
		VMAXPD(lo, y, y)
		VMINPD(hi, y, y)
		VADDPD(magic, y, y)
		VSUBPD(magic, y, y)
		half[i] = XMM()
		VCVTPD2DQY(y, half[i])
	}
	codes := half[0]
	VPACKSSDW(half[1], half[0], codes)
	VPADDW(zero, codes, codes)
	VPACKUSWB(codes, codes, codes)
	CMPQ(step, I8(1))
	JNE(LabelRef("scatter"))
	VMOVQ(codes, Mem{Base: dst})
	ADDQ(I8(8), dst)
	JMP(LabelRef("next"))

	Label("scatter")
	bytes := GP64()
	VMOVQ(codes, bytes)
	for i := range 8 {
		MOVB(bytes.As8(), Mem{Base: dst})
		ADDQ(step, dst)
		if i < 7 {
			SHRQ(U8(8), bytes)
		}
	}
	Label("next")
	ADDQ(I8(32), x)
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// broadcast fills a vector with a parameter.
func broadcast(name string) VecVirtual {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := YMM()
	VBROADCASTSD(m.Addr, v)
	return v
}
