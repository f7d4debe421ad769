// Command winograd_f32 writes winograd_f32_amd64.s: the transforms of
// Winograd's F(4x4,3x3).
//
// Both apply their matrix along one side, keep the result in the frame of the
// function as vectors of eight elements, and apply it along the other side. The
// frames are too large for NOSPLIT.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	vector = 32         // bytes
	line   = 6 * vector // bytes of a row of six vectors
)

func main() {
	ConstraintExpr("!purego")
	input()
	output()
	Generate()
}

// bytes loads an argument that counts elements.
func bytes(name string) Register {
	r := Load(Param(name), GP64())
	SHLQ(U8(2), r)
	return r
}

// constant fills a vector with the float32 number of these bits.
func constant(bits uint32) VecVirtual {
	r, v := GP32(), YMM()
	MOVL(U32(bits), r)
	VMOVD(r, v.AsX())
	VBROADCASTSS(v.AsX(), v)
	return v
}

const four, eight = 0x40800000, 0x41000000

// input: a vector holds the same element of eight windows.
func input() {
	TEXT("winogradInputF32_avx2_asm", 0, "func(dst *float32, matrix, mr, half int, src *float32, plane, stride int, offsets *int32, channels int)")
	Doc("winogradInputF32_avx2_asm is WinogradInputF32, the lower four windows half elements from the upper; channels > 0.")
	dst, matrix, step, half := Load(Param("dst"), GP64()), bytes("matrix"), bytes("mr"), bytes("half")
	src, plane, stride := Load(Param("src"), GP64()), bytes("plane"), bytes("stride")
	offsets, channels := Load(Param("offsets"), GP64()), Load(Param("channels"), GP64())
	frame := AllocLocal(6 * line)
	by4 := constant(four)
	at, to, n := GP64(), GP64(), GP64()

	Label("channel")
	Comment("Along the rows.")
	MOVQ(src, at)
	LEAQ(frame, to)
	MOVQ(U32(6), n)
	Label("row")
	for i, v := range applyB(loadRow(at, offsets), by4) {
		VMOVUPS(v, Mem{Base: to, Disp: i * vector})
	}
	ADDQ(stride, at)
	ADDQ(U32(line), to)
	DECQ(n)
	JNZ(LabelRef("row"))

	Comment("Along the columns.")
	LEAQ(frame, at)
	MOVQ(dst, to)
	MOVQ(U32(6), n)
	Label("column")
	var d [6]VecVirtual
	for i := range d {
		d[i] = YMM()
		VMOVUPS(Mem{Base: at, Disp: i * line}, d[i])
	}
	q, apart := GP64(), GP64()
	MOVQ(to, q)
	LEAQ(Mem{Base: matrix, Index: matrix, Scale: 2}, apart)
	ADDQ(apart, apart)
	for _, v := range applyB(d, by4) {
		VMOVUPS(v.AsX(), Mem{Base: q})
		VEXTRACTF128(U8(1), v, Mem{Base: q, Index: half, Scale: 1})
		ADDQ(apart, q)
	}
	ADDQ(U32(vector), at)
	ADDQ(matrix, to)
	DECQ(n)
	JNZ(LabelRef("column"))

	ADDQ(plane, src)
	ADDQ(step, dst)
	DECQ(channels)
	JNZ(LabelRef("channel"))
	VZEROUPPER()
	RET()
}

// loadRow loads six elements from each of eight offsets and transposes them.
func loadRow(base, offsets Register) [6]VecVirtual {
	var first, last [4]VecVirtual // windows i and i+4: elements 0 to 3, 4 and 5
	for i := range first {
		first[i] = YMM()
		if last[i] = YMM(); i%2 == 1 {
			last[i] = last[i-1]
		}
	}
	high := [2]VecVirtual{YMM(), YMM()}
	for i := range 8 {
		o := GP64()
		MOVLQSX(Mem{Base: offsets, Disp: 4 * i}, o)
		v := first[i%4]
		if i < 4 {
			VMOVUPS(Mem{Base: base, Index: o, Scale: 4}, v.AsX())
		} else {
			VINSERTF128(U8(1), Mem{Base: base, Index: o, Scale: 4}, v, v)
		}
		w := last[i%4].AsX()
		if i >= 4 {
			w = high[i/2%2].AsX()
		}
		if tail := (Mem{Base: base, Index: o, Scale: 4, Disp: 16}); i%2 == 0 {
			VMOVSD(tail, w)
		} else {
			VMOVHPS(tail, w, w)
		}
	}
	d := transpose(first)
	a, b := last[0], last[2]
	VINSERTF128(U8(1), high[0].AsX(), a, a)
	VINSERTF128(U8(1), high[1].AsX(), b, b)
	d4, d5 := YMM(), YMM()
	VSHUFPS(U8(0x88), b, a, d4)
	VSHUFPS(U8(0xdd), b, a, d5)
	return [6]VecVirtual{d[0], d[1], d[2], d[3], d4, d5}
}

// transpose transposes the 4 x 4 elements in each half of four vectors.
func transpose(a [4]VecVirtual) [4]VecVirtual {
	var b, d [4]VecVirtual
	for i := range b {
		b[i], d[i] = YMM(), YMM()
	}
	for i := 0; i < 4; i += 2 {
		VUNPCKLPS(a[i+1], a[i], b[i])
		VUNPCKHPS(a[i+1], a[i], b[i+1])
	}
	for i := range 2 {
		VUNPCKLPD(b[2+i], b[i], d[2*i])
		VUNPCKHPD(b[2+i], b[i], d[2*i+1])
	}
	return d
}

// applyB is winogradB; it overwrites d.
func applyB(d [6]VecVirtual, by4 VecVirtual) [6]VecVirtual {
	p, c, e, f := YMM(), YMM(), YMM(), YMM()
	VSUBPS(d[2], d[0], p)
	VSUBPS(d[2], d[4], c)
	VSUBPS(d[1], d[3], e)
	VSUBPS(d[3], d[5], f)
	a, b := d[4], d[3]
	VFNMADD231PS(by4, d[2], a)
	VFNMADD231PS(by4, d[1], b)
	VFMADD213PS(c, by4, p)
	VFNMADD231PS(by4, e, f)
	VADDPS(e, e, e)
	sum, difference := YMM(), YMM()
	VADDPS(b, a, sum)
	VSUBPS(b, a, difference)
	upper, lower := YMM(), YMM()
	VADDPS(e, c, upper)
	VSUBPS(e, c, lower)
	return [6]VecVirtual{p, sum, difference, upper, lower, f}
}

// output: a vector holds the same element of eight channels.
func output() {
	TEXT("winogradOutputF32_avx2_asm", 0, "func(dst *float32, plane, stride int, src *float32, matrix, row, tiles int)")
	Doc("winogradOutputF32_avx2_asm is WinogradOutputF32; tiles > 0.")
	dst, plane, stride := Load(Param("dst"), GP64()), bytes("plane"), bytes("stride")
	src, matrix, row := Load(Param("src"), GP64()), bytes("matrix"), bytes("row")
	tiles := Load(Param("tiles"), GP64())
	frame := AllocLocal(4 * line)
	by4, by8 := constant(four), constant(eight)
	at, to, n, apart, plane3 := GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: matrix, Index: matrix, Scale: 2}, apart)
	ADDQ(apart, apart)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, plane3)

	Label("tile")
	Comment("Along the columns.")
	MOVQ(src, at)
	LEAQ(frame, to)
	MOVQ(U32(6), n)
	Label("column")
	var m [6]VecVirtual
	q := GP64()
	MOVQ(at, q)
	for i := range m {
		m[i] = YMM()
		VMOVUPS(Mem{Base: q}, m[i])
		ADDQ(apart, q)
	}
	for i, v := range applyA(m, by4, by8) {
		VMOVUPS(v, Mem{Base: to, Disp: i * line})
	}
	ADDQ(matrix, at)
	ADDQ(U32(vector), to)
	DECQ(n)
	JNZ(LabelRef("column"))

	Comment("Along the rows.")
	LEAQ(frame, at)
	MOVQ(dst, to)
	MOVQ(U32(4), n)
	Label("row")
	for i := range m {
		m[i] = YMM()
		VMOVUPS(Mem{Base: at, Disp: i * vector}, m[i])
	}
	half := GP64()
	LEAQ(Mem{Base: to, Index: plane, Scale: 4}, half)
	for i, v := range transpose(applyA(m, by4, by8)) {
		VMOVUPS(v.AsX(), channel(to, plane, plane3, i))
		VEXTRACTF128(U8(1), v, channel(half, plane, plane3, i))
	}
	ADDQ(U32(line), at)
	ADDQ(stride, to)
	DECQ(n)
	JNZ(LabelRef("row"))

	ADDQ(row, src)
	ADDQ(U32(16), dst)
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// channel is the address of plane i of four.
func channel(base, plane, plane3 Register, i int) Mem {
	return [4]Mem{
		{Base: base},
		{Base: base, Index: plane, Scale: 1},
		{Base: base, Index: plane, Scale: 2},
		{Base: base, Index: plane3, Scale: 1},
	}[i]
}

// applyA is winogradA; it overwrites m.
func applyA(m [6]VecVirtual, by4, by8 VecVirtual) [4]VecVirtual {
	s, d, u, v := YMM(), YMM(), YMM(), YMM()
	VADDPS(m[2], m[1], s)
	VSUBPS(m[2], m[1], d)
	VADDPS(m[4], m[3], u)
	VSUBPS(m[4], m[3], v)
	VADDPS(s, m[0], m[0])
	VADDPS(u, m[0], m[0])
	VFMADD231PS(by4, u, s)
	y3 := YMM()
	VMOVAPS(d, y3)
	VFMADD231PS(by8, v, y3)
	VADDPS(m[5], y3, y3)
	VADDPS(v, v, v)
	VADDPS(v, d, d)
	return [4]VecVirtual{m[0], d, s, y3}
}
