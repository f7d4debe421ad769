// Command stencil_f32 writes stencil_f32_arm64.s: weighted sums of a plane of
// float32 with itself, moved.
package main

import (
	"fmt"

	"mixq/asm/_asm/arm64"
)

func main() { arm64.Main(stencil) }

// The registers of vectors: sums in V0 to V7, elements of src in V8 to V15.
const (
	element = 8
	weight  = 16
	bias    = 17 // and the bounds in the next two
)

// stencil computes blocks of up to eight rows by one vector, whose sums stay in
// registers over all taps. The last vector of a row ends with the row and may
// overlap the one before.
func stencil(f *arm64.File) {
	frame := f.Func(arm64.NEON, "stencilF32",
		"(dst, src *float32, stride int, offsets *int32, w *float32, taps, rows, columns int, bias, lo, hi float32)",
		"StencilF32 on planes of at least four columns; taps > 0.",
		"R0, R1: the first row of a block; R2: stride of src and R7: of dst, in bytes;",
		"R8: first column of a vector and R9: of the last one, in bytes; R10, R11: the vector;",
		"R12-R14: taps left, their offsets and weights; R15: a row.",
		"V0-V7: sums; V8-V15: elements; V16: a weight; V17-V19: the bias and the bounds.")
	f.Load(frame, "dst", "src", "stride", "offsets", "w", "taps", "rows", "columns")
	f.Broadcast(frame, bias, "bias", "lo", "hi")
	f.Go("LSL $2, R2")
	f.Go("LSL $2, R7")
	f.Go("SUB $16, R7, R9")
	for rows := 8; rows > 0; rows /= 2 {
		blocks(f, rows)
	}
	f.Go("RET")
}

// blocks emits a loop over blocks of the given number of rows.
func blocks(f *arm64.File, rows int) {
	f.Label(fmt.Sprint("block", rows))
	f.Go("CMP $%d, R6", rows)
	f.Go("BLT end%d", rows)
	f.Go("MOVD ZR, R8")
	f.Label(fmt.Sprint("column", rows))
	sum(f, rows)
	f.Go("CMP R9, R8")
	f.Go("BEQ next%d", rows)
	f.Go("ADD $16, R8")
	f.Go("CMP R9, R8")
	f.Go("CSEL GT, R9, R8, R8")
	f.Go("B column%d", rows)
	f.Label(fmt.Sprint("next", rows))
	f.Go("MOVD $%d, R10", rows)
	f.Go("MADD R10, R1, R2, R1")
	f.Go("MADD R10, R0, R7, R0")
	f.Go("SUB $%d, R6", rows)
	f.Go("B block%d", rows)
	f.Label(fmt.Sprint("end", rows))
}

// sum computes a vector of each row of the block.
func sum(f *arm64.File, rows int) {
	for v := range rows {
		f.Go("VMOV V%d.B16, V%d.B16", bias, v)
	}
	f.Go("ADD R1, R8, R11")
	for i := range 3 {
		f.Go("MOVD R%d, R%d", []int{5, 3, 4}[i], 12+i)
	}
	f.Label(fmt.Sprint("tap", rows))
	f.Go("MOVW.P 4(R13), R15")
	f.Go("ADD R15<<2, R11, R15")
	f.Go("VLD1R.P 4(R14), [V%d.S4]", weight)
	for v := range rows {
		f.Go("VLD1.P (R15)(R2), [V%d.S4]", element+v)
	}
	for v := range rows {
		f.Op(arm64.FMLA, v, element+v, weight, 0)
	}
	f.Go("SUBS $1, R12")
	f.Go("BNE tap%d", rows)
	f.Go("ADD R0, R8, R10")
	for v := range rows {
		f.Op(arm64.FMAX, v, v, bias+1)
		f.Op(arm64.FMIN, v, v, bias+2)
		f.Go("VST1.P [V%d.S4], (R10)(R7)", v)
	}
}
