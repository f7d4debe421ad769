package asm

//go:generate go run -C _asm ./arm64/pool -out ../pool_arm64.s

// MaxTapsU8 computes one row of output positions of max pooling of u8 codes in
// N,H,W,C order; for p < positions, c < channels,
//
//	dst[p*channels+c] = max over t < len(taps) of x[p*step+taps[t]+c]
//
// where taps are the offsets of the pixels under the first window; without any,
// the result is 0. It panics if a slice is too short or a number is negative.
func MaxTapsU8(dst, x []uint8, taps []int32, positions, step, channels int) {
	if positions <= 0 || channels == 0 {
		return
	}
	if channels < 0 || step < 0 {
		panic(badChannels)
	}
	if len(dst) < positions*channels {
		panic(shortDst)
	}
	if len(taps) == 0 {
		clear(dst[:positions*channels])
		return
	}
	if len(x) < (positions-1)*step+reach(taps)+channels {
		panic(shortSrc)
	}
	maxTapsU8(dst, x, taps, positions, step, channels)
}

// reach is the largest of some offsets. It panics if one is negative.
func reach(taps []int32) int {
	last := 0
	for _, t := range taps {
		if t < 0 {
			panic(badStride)
		}
		last = max(last, int(t))
	}
	return last
}

// AddU8 is sums[i] += int32(x[i]), wrapping around. It panics if the slices
// differ in length.
func AddU8(sums []int32, x []uint8) {
	if len(x) != len(sums) {
		panic(badLength)
	}
	addU8(sums, x)
}
