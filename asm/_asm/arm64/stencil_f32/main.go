// Command stencil_f32 writes stencil_f32_arm64.s: weighted sums and maxima of a
// plane of float32 with itself, moved.
package main

import (
	"fmt"

	"mixq/asm/_asm/arm64"
)

func main() { arm64.Main(sum, maximum) }

// The registers of vectors: results in V0 to V7, elements of src in V8 to V15.
const (
	element = 8
	weight  = 16
	first   = 17 // what results start from: the bias or minus infinity
	lo, hi  = 18, 19
)

// kernel is one form of the stencil. It computes blocks of up to eight rows by
// one vector, whose results stay in registers over all taps. The last vector of
// a row ends with the row and may overlap the one before.
type kernel struct {
	*arm64.File
	begin  string      // of a block of taps: an instruction
	tap    string      // at every tap: an instruction
	take   func(v int) // adds element v to result v
	finish func(v int)
}

// registers says what both forms keep where.
var registers = []string{
	"R0, R1: the first row of a block; R2: stride of src and R7: of dst, in bytes;",
	"R4: taps, and R12: those left; R8: first column of a vector and R9: of the last one,",
	"in bytes; R10, R11: the vector; R13, R14: offsets and weights; R15: a row.",
	"V0-V7: results; V8-V15: elements; V16: a weight; V17: the bias or minus infinity;",
	"V18, V19: the bounds.",
}

func sum(f *arm64.File) {
	frame := f.Func(arm64.NEON, "stencilF32",
		"(dst, src *float32, stride int, offsets *int32, w *float32, taps, rows, columns int, bias, lo, hi float32)",
		append([]string{"StencilF32.Run on planes of at least four columns; taps > 0."}, registers...)...)
	f.Load(frame, "dst", "src", "stride", "offsets", "taps", "w", "rows", "columns")
	f.Broadcast(frame, first, "bias", "lo", "hi")
	kernel{
		File:  f,
		begin: "MOVD R5, R14",
		tap:   fmt.Sprintf("VLD1R.P 4(R14), [V%d.S4]", weight),
		take:  func(v int) { f.Op(arm64.FMLA, v, element+v, weight, 0) },
		finish: func(v int) {
			f.Op(arm64.FMAX, v, v, lo)
			f.Op(arm64.FMIN, v, v, hi)
		},
	}.generate()
}

func maximum(f *arm64.File) {
	frame := f.Func(arm64.NEON, "maxStencilF32", "(dst, src *float32, stride int, offsets *int32, taps, rows, columns int)",
		append([]string{"StencilF32.Max on planes of at least four columns; taps > 0."}, registers...)...)
	f.Load(frame, "dst", "src", "stride", "offsets", "taps")
	f.Go("MOVD %s, R6", frame.Of("rows"))
	f.Go("MOVD %s, R7", frame.Of("columns"))
	f.Go("MOVW $0xff800000, R8")
	f.Go("VDUP R8, V%d.S4", first)
	kernel{
		File:   f,
		take:   func(v int) { f.Op(arm64.FMAX, v, v, element+v) },
		finish: func(int) {},
	}.generate()
}

func (k kernel) generate() {
	k.Go("LSL $2, R2")
	k.Go("LSL $2, R7")
	k.Go("SUB $16, R7, R9")
	for rows := 8; rows > 0; rows /= 2 {
		k.blocks(rows)
	}
	k.Go("RET")
}

// blocks emits a loop over blocks of the given number of rows.
func (k kernel) blocks(rows int) {
	k.Label(fmt.Sprint("block", rows))
	k.Go("CMP $%d, R6", rows)
	k.Go("BLT end%d", rows)
	k.Go("MOVD ZR, R8")
	k.Label(fmt.Sprint("column", rows))
	k.vectors(rows)
	k.Go("CMP R9, R8")
	k.Go("BEQ next%d", rows)
	k.Go("ADD $16, R8")
	k.Go("CMP R9, R8")
	k.Go("CSEL GT, R9, R8, R8")
	k.Go("B column%d", rows)
	k.Label(fmt.Sprint("next", rows))
	k.Go("MOVD $%d, R10", rows)
	k.Go("MADD R10, R1, R2, R1")
	k.Go("MADD R10, R0, R7, R0")
	k.Go("SUB $%d, R6", rows)
	k.Go("B block%d", rows)
	k.Label(fmt.Sprint("end", rows))
}

// vectors computes a vector of each row of the block.
func (k kernel) vectors(rows int) {
	for v := range rows {
		k.Go("VMOV V%d.B16, V%d.B16", first, v)
	}
	k.Go("ADD R1, R8, R11")
	k.Go("MOVD R4, R12")
	k.Go("MOVD R3, R13")
	k.instruction(k.begin)
	k.Label(fmt.Sprint("tap", rows))
	k.Go("MOVW.P 4(R13), R15")
	k.Go("ADD R15<<2, R11, R15")
	k.instruction(k.tap)
	for v := range rows {
		k.Go("VLD1.P (R15)(R2), [V%d.S4]", element+v)
	}
	for v := range rows {
		k.take(v)
	}
	k.Go("SUBS $1, R12")
	k.Go("BNE tap%d", rows)
	k.Go("ADD R0, R8, R10")
	for v := range rows {
		k.finish(v)
		k.Go("VST1.P [V%d.S4], (R10)(R7)", v)
	}
}

// instruction emits one, if there is one.
func (k kernel) instruction(s string) {
	if s != "" {
		k.Go("%s", s)
	}
}
