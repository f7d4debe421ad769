package asm

// maxTapsU8Generic is the definition of MaxTapsU8, by steps that take the larger
// of dst and x.
func maxTapsU8Generic(dst, x []uint8, taps []int32, positions, step, channels int, larger func(dst, x []uint8)) {
	for p := range positions {
		out := dst[p*channels:][:channels]
		copy(out, x[p*step+int(taps[0]):])
		for _, t := range taps[1:] {
			larger(out, x[p*step+int(t):][:channels])
		}
	}
}

// maxU8 is dst[i] = max(dst[i], x[i]).
func maxU8(dst, x []uint8) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = max(dst[i], v)
	}
}

// addU8Generic is the definition of AddU8.
func addU8Generic(sums []int32, x []uint8) {
	x = x[:len(sums)]
	for i, v := range x {
		sums[i] += int32(v)
	}
}
