// Command dwconv writes dwconv_arm64.s: depthwise convolution of codes.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(dwconv) }

// dwconv goes through the taps in pairs, as the weights are packed. Codes are
// widened to 16 bits, and products of 16 bits are exact in 32.
func dwconv(f *arm64.File) {
	frame := f.Func(arm64.NEON, "dwConvU8", "(acc *int32, x *uint8, taps *int32, packed *int16, positions, step, channels, ntaps int)",
		"DWConvU8; positions, channels and ntaps > 0.",
		"R8: x of the block; R9: the next weights; R10: channels left; R11: the next taps;",
		"R12: taps left; V0-V3: sums of 16 channels; V4-V7: weights of channels 0-7 under",
		"the even and the odd tap, and of 8-15; V16-V18: codes.")
	f.Load(frame, "acc", "x", "taps", "packed", "positions", "step", "channels", "ntaps")

	f.Label("position")
	f.Go("MOVD R1, R8")
	f.Go("MOVD R3, R9")
	f.Go("MOVD R6, R10")
	f.Label("block")
	f.Go("MOVD R2, R11")
	f.Go("MOVD R7, R12")
	for v := range 4 {
		f.Go("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v)
	}
	f.Label("pair")
	f.Go("VLD2.P 32(R9), [V4.H8, V5.H8]")
	f.Go("VLD2.P 32(R9), [V6.H8, V7.H8]")
	for odd := range 2 {
		f.Go("MOVW.P 4(R11), R13")
		f.Go("ADD R8, R13")
		f.Go("FMOVQ (R13), F16")
		f.Go("VUXTL V16.B8, V17.H8")
		f.Go("VUXTL2 V16.B16, V18.H8")
		f.Op(arm64.WSMLAL, 0, 17, 4+odd)
		f.Op(arm64.WSMLAL2, 1, 17, 4+odd)
		f.Op(arm64.WSMLAL, 2, 18, 6+odd)
		f.Op(arm64.WSMLAL2, 3, 18, 6+odd)
		f.Go("SUBS $1, R12")
		f.Go("BEQ store")
	}
	f.Go("B pair")

	f.Label("store")
	f.Go("VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)")
	f.Go("ADD $16, R8")
	f.Go("SUBS $16, R10")
	f.Go("BNE block")
	f.Go("ADD R5, R1")
	f.Go("SUBS $1, R4")
	f.Go("BNE position")
	f.Go("RET")
}
