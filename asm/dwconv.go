package asm

//go:generate go run -C _asm ./arm64/dwconv -out ../dwconv_arm64.s

// DWConvU8 computes one row of output positions of a depthwise convolution of
// u8 codes in N,H,W,C order into exact s32 sums. Channels come in blocks of 16;
// for p < positions, c < channels, a multiple of 16,
//
//	acc[p*channels+c] = sum over t < len(taps) of int32(x[p*step+taps[t]+c]) * int32(w[t][c])
//
// where taps are the offsets of the taps of the first position and w was packed
// by PackDWConvU8. Weights are in [-255, 255], so that the difference of a code
// and its zero point is one. It panics if a slice is too short, channels is not
// a multiple of 16 or a number is negative.
func DWConvU8(acc []int32, x []uint8, taps []int32, packed []int16, positions, step, channels int) {
	if positions <= 0 || channels == 0 {
		return
	}
	if channels < 0 || channels%dwBlock != 0 || step < 0 {
		panic(badChannels)
	}
	switch {
	case len(packed) < DWConvU8Packed(len(taps), channels):
		panic(shortB)
	case len(acc) < positions*channels:
		panic(shortC)
	case len(taps) == 0:
		clear(acc[:positions*channels])
		return
	case len(x) < (positions-1)*step+reach(taps)+channels:
		panic(shortA)
	}
	dwConvU8(acc, x, taps, packed, positions, step, channels)
}

// dwBlock is the number of channels that a depthwise kernel computes at once.
const dwBlock = 16

// DWConvU8Packed is the number of elements of packed weights.
func DWConvU8Packed(taps, channels int) int {
	return roundUp(channels, dwBlock) * roundUp(taps, 2)
}

// PackDWConvU8 packs weights w[t*channels+c] for DWConvU8, in pairs of taps:
//
//	packed[c/16][t/2][c%16][t%2] = w[t][c]
//
// with zeros where channels or taps are filled up. It panics if a slice is too
// short.
func PackDWConvU8(packed []int16, w []int16, taps, channels int) {
	switch {
	case len(w) < taps*channels:
		panic(shortW)
	case len(packed) < DWConvU8Packed(taps, channels):
		panic(shortDst)
	}
	clear(packed[:DWConvU8Packed(taps, channels)])
	pairs := (taps + 1) / 2
	for t := range taps {
		for c, v := range w[t*channels:][:channels] {
			packed[((c/dwBlock*pairs+t/2)*dwBlock+c%dwBlock)*2+t%2] = v
		}
	}
}
