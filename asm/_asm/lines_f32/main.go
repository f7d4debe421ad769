// Command lines_f32 writes lines_f32_amd64.s: arithmetic on rows of float32,
// sums over them, and transposition.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	affine()
	combine()
	mask()
	moments()
	transpose()
	Generate()
}

// broadcast loads a float32 argument into all lanes.
func broadcast(name string) VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := YMM()
	VMOVSS(p.Addr, v.AsX())
	VBROADCASTSS(v.AsX(), v)
	return v
}

// groups emits a loop over groups of eight elements; body gets the offset in
// bytes.
func groups(body func(p Register)) {
	end, p := Load(Param("groups"), GP64()), GP64()
	SHLQ(U8(5), end)
	XORQ(p, p)
	Label("group")
	body(p)
	ADDQ(I32(32), p)
	CMPQ(p, end)
	JLT(LabelRef("group"))
}

func at(base, p Register) Mem { return Mem{Base: base, Index: p, Scale: 1} }

func affine() {
	TEXT("affineF32_avx2_asm", NOSPLIT, "func(dst, x *float32, scale, shift, lo, hi float32, groups int)")
	Doc("affineF32_avx2_asm is AffineF32 on 8*groups elements; groups > 0.")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	scale, shift, lo, hi := broadcast("scale"), broadcast("shift"), broadcast("lo"), broadcast("hi")
	v := YMM()
	groups(func(p Register) {
		VMULPS(at(x, p), scale, v)
		VADDPS(v, shift, v)
		Comment("The order of the operands lets a NaN through.")
		VMAXPS(v, lo, v)
		VMINPS(v, hi, v)
		VMOVUPS(v, at(dst, p))
	})
	VZEROUPPER()
	RET()
}

func combine() {
	TEXT("combineF32_avx2_asm", NOSPLIT, "func(dst, x, y *float32, a, b, c float32, groups int)")
	Doc("combineF32_avx2_asm is CombineF32 on 8*groups elements; groups > 0.")
	dst, x, y := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("y"), GP64())
	a, b, c := broadcast("a"), broadcast("b"), broadcast("c")
	v, w := YMM(), YMM()
	groups(func(p Register) {
		VMULPS(at(x, p), a, v)
		VMULPS(at(y, p), b, w)
		VADDPS(w, v, v)
		VADDPS(c, v, v)
		VMOVUPS(v, at(dst, p))
	})
	VZEROUPPER()
	RET()
}

func mask() {
	const less = 1 // LT_OS: false if an operand is a NaN
	TEXT("maskF32_avx2_asm", NOSPLIT, "func(dst, x, y *float32, lo, hi float32, groups int)")
	Doc("maskF32_avx2_asm is MaskF32 on 8*groups elements; groups > 0.")
	dst, x, y := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("y"), GP64())
	lo, hi := broadcast("lo"), broadcast("hi")
	v, above, below := YMM(), YMM(), YMM()
	groups(func(p Register) {
		VMOVUPS(at(y, p), v)
		VCMPPS(U8(less), v, lo, above)
		VCMPPS(U8(less), hi, v, below)
		VANDPS(above, below, v)
		VANDPS(at(x, p), v, v)
		VMOVUPS(v, at(dst, p))
	})
	VZEROUPPER()
	RET()
}

// moments keeps two sums in eight lanes each.
func moments() {
	TEXT("momentsF32_avx2_asm", NOSPLIT, "func(sums, x, y *float32, center float32, groups int)")
	Doc("momentsF32_avx2_asm adds x and x*(y-center) to eight sums each; groups > 0.")
	sums, x, y := Load(Param("sums"), GP64()), Load(Param("x"), GP64()), Load(Param("y"), GP64())
	center := broadcast("center")
	s, sy := YMM(), YMM()
	VXORPS(s, s, s)
	VXORPS(sy, sy, sy)
	u, v := YMM(), YMM()
	groups(func(p Register) {
		VMOVUPS(at(x, p), u)
		VMOVUPS(at(y, p), v)
		VADDPS(u, s, s)
		VSUBPS(center, v, v)
		VMULPS(u, v, v)
		VADDPS(v, sy, sy)
	})
	VMOVUPS(s, Mem{Base: sums})
	VMOVUPS(sy, Mem{Base: sums, Disp: 32})
	VZEROUPPER()
	RET()
}

// transpose moves blocks of 8 x 8 through the registers: pairs of rows are
// interleaved by elements, then by pairs, then by halves.
func transpose() {
	TEXT("transposeF32_avx2_asm", NOSPLIT, "func(dst *float32, dstStride int, src *float32, srcStride, groups int)")
	Doc("transposeF32_avx2_asm transposes eight rows of 8*groups elements; groups > 0.")
	dst, dstStride := Load(Param("dst"), GP64()), Load(Param("dstStride"), GP64())
	src, srcStride := Load(Param("src"), GP64()), Load(Param("srcStride"), GP64())
	n := Load(Param("groups"), GP64())
	SHLQ(U8(2), dstStride)
	SHLQ(U8(2), srcStride)
	dst3, src3 := GP64(), GP64()
	LEAQ(Mem{Base: dstStride, Index: dstStride, Scale: 2}, dst3)
	LEAQ(Mem{Base: srcStride, Index: srcStride, Scale: 2}, src3)
	half := GP64()
	Label("block")
	LEAQ(Mem{Base: src, Index: srcStride, Scale: 4}, half)
	var a, b [8]VecVirtual
	for i := range a {
		a[i] = YMM()
		VMOVUPS(row([2]Register{src, half}, srcStride, src3, i), a[i])
	}
	for i := 0; i < 8; i += 2 {
		b[i], b[i+1] = YMM(), YMM()
		VUNPCKLPS(a[i+1], a[i], b[i])
		VUNPCKHPS(a[i+1], a[i], b[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			VUNPCKLPD(b[i+2+j], b[i+j], a[i+2*j])
			VUNPCKHPD(b[i+2+j], b[i+j], a[i+2*j+1])
		}
	}
	for i := range 4 {
		VPERM2F128(U8(0x20), a[i+4], a[i], b[i])
		VPERM2F128(U8(0x31), a[i+4], a[i], b[i+4])
	}
	LEAQ(Mem{Base: dst, Index: dstStride, Scale: 4}, half)
	for i := range b {
		VMOVUPS(b[i], row([2]Register{dst, half}, dstStride, dst3, i))
	}
	ADDQ(I32(32), src)
	LEAQ(Mem{Base: dst, Index: dstStride, Scale: 8}, dst)
	DECQ(n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// row is the address of row i of eight; the second base is that of row 4.
func row(base [2]Register, stride, stride3 Register, i int) Mem {
	m := Mem{Base: base[i/4]}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = stride, 1
	case 2:
		m.Index, m.Scale = stride, 2
	case 3:
		m.Index, m.Scale = stride3, 1
	}
	return m
}
