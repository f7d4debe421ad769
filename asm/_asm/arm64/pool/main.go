// Command pool writes pool_arm64.s: the steps of pooling codes.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(maximum, sum) }

// maximum takes 16 bytes at a time; the last 16 end with the row and may overlap
// those before, which a maximum does not mind.
func maximum(f *arm64.File) {
	frame := f.Func(arm64.NEON, "maxU8", "(dst, x *uint8, n int)",
		"dst[i] = max(dst[i], x[i]); n >= 16. R2: bytes before the last block; R3, R4: the last blocks.")
	f.Load(frame, "dst", "x", "n")
	f.Go("SUB $16, R2")
	f.Go("ADD R2, R0, R3")
	f.Go("ADD R2, R1, R4")
	f.Go("B blocks")
	f.Label("block")
	f.Go("FMOVQ (R0), F0")
	f.Go("FMOVQ.P 16(R1), F1")
	f.Go("VUMAX V1.B16, V0.B16, V0.B16")
	f.Go("FMOVQ.P F0, 16(R0)")
	f.Go("SUB $16, R2")
	f.Label("blocks")
	f.Go("CMP $0, R2")
	f.Go("BGT block")
	f.Go("FMOVQ (R3), F0")
	f.Go("FMOVQ (R4), F1")
	f.Go("VUMAX V1.B16, V0.B16, V0.B16")
	f.Go("FMOVQ F0, (R3)")
	f.Go("RET")
}

// sum takes 8 bytes at a time.
func sum(f *arm64.File) {
	frame := f.Func(arm64.NEON, "addU8", "(sums *int32, x *uint8, groups int)",
		"Adds 8*groups codes to sums; groups > 0.")
	f.Load(frame, "sums", "x", "groups")
	f.Label("group")
	f.Go("FMOVD.P 8(R1), F2")
	f.Go("FLDPQ (R0), (F0, F1)")
	f.Go("VUXTL V2.B8, V2.H8")
	f.Go("VUADDW V2.H4, V0.S4, V0.S4")
	f.Go("VUADDW2 V2.H8, V1.S4, V1.S4")
	f.Go("FSTPQ.P (F0, F1), 32(R0)")
	f.Go("SUBS $1, R2")
	f.Go("BNE group")
	f.Go("RET")
}
