package asm

import "math"

// runGeneric is the definition of DepthwiseU8.Run.
func (d *DepthwiseU8) runGeneric(dst, x []uint8, positions, step int) {
	depthwiseBlocks(d.Channels, func(first, size int) {
		packed, columns := d.packed[first*len(d.taps):], d.columns[3*first:]
		for c := range min(size, d.Channels-first) {
			q := depthwisePlace(c, size)
			bias, mult, zero := columns[q], math.Float32frombits(uint32(columns[size+q])), columns[2*size+q]
			for p := range positions {
				s := bias
				for t, tap := range d.taps {
					w := int32(packed[(t/depthwiseTaps*size+q)*depthwiseTaps+t%depthwiseTaps]) + zero
					s += int32(x[p*step+int(tap)+first+c]) * w
				}
				y := float32(math.RoundToEven(float64(float32(float32(s)*mult)))) + d.Zero
				dst[p*d.Channels+first+c] = uint8(min(max(y, d.Lo), d.Hi))
			}
		}
	})
}
