// Command requant writes requant_arm64.s: the output stage of integer layers.
package main

import "mixq/asm/_asm/arm64"

// Offsets of the fields of asm.Requant; TestRequantOffsets compares them.
const (
	dst       = 0
	dstStride = 24
	acc       = 32
	accStride = 56
	rows      = 64
	cols      = 72
	bias      = 80
	mult      = 104
	wzero     = 128
	sums      = 152
	res       = 176
	resStride = 200
	resZero   = 208
	resMult   = 212
	lo        = 216
	hi        = 220
	zero      = 224
)

// The vector registers of what is the same in all columns; the numbers before
// them are free.
const (
	vLo = 24 + iota
	vHi
	vZero
	vResZero
	vResMult
	vRowSum
)

func main() { arm64.Main(kernel) }

func kernel(f *arm64.File) {
	frame := f.Func(arm64.NEON, "requant", "(q *byte)",
		"Requant.Run on whole groups of eight columns, of which there is at least one.",
		"R1-R9: fields of the argument, moving on by rows; R10-R12: strides in bytes;",
		"R13-R15, R19-R21: the current columns; R22: columns left;",
		"V24-V29: Lo, Hi, Zero, ResZero, ResMult, the sum of the row.")
	f.Load(frame, "q")
	for i, offset := range []int{dst, acc, res, sums, bias, mult, wzero, cols, rows, dstStride, accStride, resStride} {
		f.Go("MOVD %d(R0), R%d", offset, i+1)
	}
	f.Go("LSL $2, R11")
	f.Go("AND $~7, R8")
	for i, offset := range []int{lo, hi, zero, resZero, resMult} {
		f.Go("ADD $%d, R0, R13", offset)
		f.Go("VLD1R (R13), [V%d.S4]", vLo+i)
	}

	f.Label("row")
	f.Go("CBZ R7, columns")
	f.Go("VLD1R.P 4(R4), [V%d.S4]", vRowSum)
	f.Label("columns")
	for _, m := range [][2]int{{1, 19}, {2, 13}, {3, 20}, {5, 14}, {6, 15}, {7, 21}, {8, 22}} {
		f.Go("MOVD R%d, R%d", m[0], m[1])
	}
	f.Label("group")
	group(f)
	f.Go("SUBS $8, R22")
	f.Go("BNE group")
	f.Go("ADD R10, R1")
	f.Go("ADD R11, R2")
	f.Go("CBZ R3, next")
	f.Go("ADD R12, R3")
	f.Label("next")
	f.Go("SUBS $1, R9")
	f.Go("BNE row")
	f.Go("RET")
}

// group computes eight columns in V0 and V1.
func group(f *arm64.File) {
	both := func(o arm64.Op, m int) { // V0, V1 = o(V0, V1; m, m)
		for v := range 2 {
			f.Op(o, v, v, m)
		}
	}
	f.Go("FLDPQ.P 32(R13), (F0, F1)")
	f.Go("FLDPQ.P 32(R14), (F2, F3)")
	f.Go("VADD V2.S4, V0.S4, V0.S4")
	f.Go("VADD V3.S4, V1.S4, V1.S4")
	f.Go("CBZ R7, scale")
	f.Go("FLDPQ.P 32(R21), (F2, F3)")
	f.Op(arm64.MLS, 0, 2, vRowSum)
	f.Op(arm64.MLS, 1, 3, vRowSum)

	f.Label("scale")
	f.Go("FLDPQ.P 32(R15), (F2, F3)")
	for v := range 2 {
		f.Op(arm64.SCVTF, v, v)
		f.Op(arm64.FMUL, v, v, 2+v)
	}
	f.Go("CBZ R3, round")
	f.Go("FMOVD.P 8(R20), F2")
	f.Go("VUXTL V2.B8, V2.H8")
	f.Go("VUXTL2 V2.H8, V3.S4")
	f.Go("VUXTL V2.H4, V2.S4")
	for v := range 2 {
		f.Op(arm64.SCVTF, 2+v, 2+v)
		f.Op(arm64.FSUB, 2+v, 2+v, vResZero)
		f.Op(arm64.FMUL, 2+v, 2+v, vResMult)
		f.Op(arm64.FADD, v, v, 2+v)
	}

	f.Label("round")
	f.Comment("Round to nearest even, clamp, narrow.")
	for v := range 2 {
		f.Op(arm64.FRINTN, v, v)
	}
	both(arm64.FADD, vZero)
	both(arm64.FMAX, vLo)
	both(arm64.FMIN, vHi)
	for v := range 2 {
		f.Op(arm64.FCVTZS, v, v)
	}
	f.Go("VUZP1 V1.H8, V0.H8, V0.H8")
	f.Go("VUZP1 V0.B16, V0.B16, V0.B16")
	f.Go("FMOVD.P F0, 8(R19)")
}
