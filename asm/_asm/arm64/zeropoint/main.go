// Command zeropoint writes zeropoint_arm64.s: the sums that zero points call for.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(sum) }

// sum adds pairs of bytes to 16 bits and pairs of those to 32, 16 bytes at a
// time, then 8 bytes, then single ones.
func sum(f *arm64.File) {
	frame := f.Func(arm64.NEON, "sumRowsU8", "(sums *int32, a *uint8, stride, rows, k int)",
		"SumRowsU8 of at least one row.",
		"R5: the current bytes; R6: those left; R7: sum of single bytes; V0: the other sums.")
	f.Load(frame, "sums", "a", "stride", "rows", "k")

	f.Label("row")
	f.Go("MOVD R1, R5")
	f.Go("MOVD R4, R6")
	f.Go("VEOR V0.B16, V0.B16, V0.B16")
	f.Go("MOVD $0, R7")
	f.Go("B groups")
	f.Label("group")
	f.Go("FMOVQ.P 16(R5), F1")
	pairs(f)
	f.Label("groups")
	f.Go("SUBS $16, R6")
	f.Go("BGE group")

	f.Go("TBZ $3, R6, bytes")
	f.Go("FMOVD.P 8(R5), F1")
	pairs(f)
	f.Label("bytes")
	f.Go("ANDS $7, R6")
	f.Go("BEQ add")
	f.Label("byte")
	f.Go("MOVBU.P 1(R5), R8")
	f.Go("ADD R8, R7")
	f.Go("SUBS $1, R6")
	f.Go("BNE byte")

	f.Label("add")
	f.Go("VADDV V0.S4, V0")
	f.Go("VMOV V0.S[0], R8")
	f.Go("ADD R8, R7")
	f.Go("MOVW.P R7, 4(R0)")
	f.Go("ADD R2, R1")
	f.Go("SUBS $1, R3")
	f.Go("BNE row")
	f.Go("RET")
}

// pairs adds the bytes of V1 to V0.
func pairs(f *arm64.File) {
	f.Op(arm64.UADDLP, 1, 1)
	f.Op(arm64.UADALP, 0, 1)
}
