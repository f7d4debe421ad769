// Command rows_f32 writes rows_f32_arm64.s: what moves and finishes rows of
// float32 around the micro-kernel.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(gather, finish) }

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
