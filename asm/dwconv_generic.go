package asm

// dwConvU8Generic is the definition of DWConvU8.
func dwConvU8Generic(acc []int32, x []uint8, taps []int32, packed []int16, positions, step, channels int) {
	pairs := (len(taps) + 1) / 2
	for p := range positions {
		for c := 0; c < channels; c += dwBlock {
			sums := acc[p*channels+c:][:dwBlock]
			clear(sums)
			for t, at := range taps {
				px := x[p*step+int(at)+c:][:dwBlock]
				w := packed[(c*pairs+t/2*dwBlock)*2+t%2:]
				for i, v := range px {
					sums[i] += int32(v) * int32(w[2*i])
				}
			}
		}
	}
}
