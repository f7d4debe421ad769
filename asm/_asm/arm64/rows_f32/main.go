// Command rows_f32 writes rows_f32_arm64.s: what moves and finishes rows of
// float32 around the micro-kernel.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(split, gather, finish) }

// split takes eight columns apart at a time; the last eight end with the row and
// may overlap those before.
func split(f *arm64.File) {
	frame := f.Func(arm64.NEON, "splitRowsF32", "(even, odd *float32, dstStride int, src *float32, srcStride, rows, n int)",
		"SplitRowsF32 on an even number of columns; rows > 0, n >= 8.",
		"R6: the last column of a block of eight; R7: the column; R8-R10: places in src, even and odd.")
	f.Load(frame, "even", "odd", "dstStride", "src", "srcStride", "rows", "n")
	f.Go("SUB $8, R6")
	f.Label("row")
	f.Go("MOVD ZR, R7")
	f.Label("block")
	f.Go("ADD R7<<2, R3, R8")
	f.Go("ADD R7<<1, R0, R9")
	f.Go("ADD R7<<1, R1, R10")
	f.Go("VLD2 (R8), [V0.S4, V1.S4]")
	f.Go("VST1 [V0.S4], (R9)")
	f.Go("VST1 [V1.S4], (R10)")
	f.Go("CMP R6, R7")
	f.Go("BEQ next")
	f.Go("ADD $8, R7")
	f.Go("CMP R6, R7")
	f.Go("CSEL GT, R6, R7, R7")
	f.Go("B block")
	f.Label("next")
	f.Go("ADD R4<<2, R3")
	f.Go("ADD R2<<2, R0")
	f.Go("ADD R2<<2, R1")
	f.Go("SUBS $1, R5")
	f.Go("BNE row")
	f.Go("RET")
}

// gather copies rows from a table of offsets. As unsigned numbers, offsets that
// are negative or too great are above the limit.
func gather(f *arm64.File) {
	frame := f.Func(arm64.NEON, "gatherF32", "(dst *float32, stride int, src *float32, limit int, offsets *int32, rows, groups int) (ok bool)",
		"Copies rows of 4*groups elements from offsets; it stops and is false if one exceeds",
		"limit; rows > 0, groups > 0.",
		"R7: a row of src; R8: one of dst; R9: groups left.")
	f.Load(frame, "dst", "stride", "src", "limit", "offsets", "rows", "groups")
	f.Label("row")
	f.Go("MOVW.P 4(R4), R7")
	f.Go("CMP R3, R7")
	f.Go("BHI done")
	f.Go("ADD R7<<2, R2, R7")
	f.Go("MOVD R0, R8")
	f.Go("MOVD R6, R9")
	f.Label("group")
	f.Go("FMOVQ.P 16(R7), F0")
	f.Go("FMOVQ.P F0, 16(R8)")
	f.Go("SUBS $1, R9")
	f.Go("BNE group")
	f.Go("ADD R1<<2, R0")
	f.Go("SUBS $1, R5")
	f.Go("BNE row")
	f.Label("done")
	f.Go("CMP $0, R5")
	f.Go("CSET EQ, R5")
	f.Go("MOVB R5, %s", frame.Of("ok"))
	f.Go("RET")
}

// finish adds what is constant in a row or comes from another and clamps.
func finish(f *arm64.File) {
	frame := f.Func(arm64.NEON, "finishF32", "(dst, acc, res *float32, bias, lo, hi float32, groups int)",
		"FinishF32 on 4*groups elements; groups > 0 and res may be nil.")
	const bias, lo, hi = 2, 3, 4
	f.Load(frame, "dst", "acc", "res", "groups")
	f.Broadcast(frame, bias, "bias", "lo", "hi")
	f.Label("group")
	f.Go("FMOVQ.P 16(R1), F0")
	f.Op(arm64.FADD, 0, 0, bias)
	f.Go("CBZ R2, clamp")
	f.Go("FMOVQ.P 16(R2), F1")
	f.Op(arm64.FADD, 0, 0, 1)
	f.Label("clamp")
	f.Op(arm64.FMAX, 0, 0, lo)
	f.Op(arm64.FMIN, 0, 0, hi)
	f.Go("FMOVQ.P F0, 16(R0)")
	f.Go("SUBS $1, R3")
	f.Go("BNE group")
	f.Go("RET")
}
