package asm

import (
	"math"
	"slices"

	"mixq/internal/isa"
)

// DepthwiseU8 is a depthwise convolution of u8 codes in N,H,W,C order to codes:
// a DWConvU8 and its Requant in one.
type DepthwiseU8 struct {
	Channels     int
	Taps         []int32 // offsets of the taps of the first position
	Lo, Hi, Zero float32 // as in Requant

	zeros   bool    // the weights have zero points
	taps    []int32 // in fours
	packed  []int8
	columns []int32 // biases, multipliers and zero points of a block
}

// depthwiseTaps is the number of taps that the kernel takes at once.
const depthwiseTaps = 4

// MaxDepthwiseTaps is the most taps that a DepthwiseU8 has: so many codes sum to
// less than 1<<15.
const MaxDepthwiseTaps = 128

// DepthwiseU8Pays reports whether the current level has a kernel.
func DepthwiseU8Pays() bool { return isa.Current() >= isa.AVX512VNNI }

// depthwiseBlocks cuts channels into blocks of 64, 32 and 16; the last may stick
// out. It calls f with the first channel and the size of each.
func depthwiseBlocks(channels int, f func(first, size int)) {
	for c := 0; c < channels; {
		size := 64
		for size > 16 && size > channels-c {
			size /= 2
		}
		f(c, size)
		c += size
	}
}

// depthwisePlace is where channel c of a block is among its sums: channels 4i to
// 4i+3 of every sixteen are in vector i.
func depthwisePlace(c, size int) int { return c%16/4*size/4 + c/16*4 + c%4 }

// Pack takes the weights w[t*Channels+c] less the zero points, and the zero point,
// bias and multiplier of every channel. A weight and its zero point together have
// 8 bits; zero points cost time if a weight alone has not. It panics if a slice is
// too short, or there are no taps or too many.
func (d *DepthwiseU8) Pack(w []int16, zero, bias []int32, mult []float32) {
	switch {
	case d.Channels < 1 || len(d.Taps) == 0 || len(d.Taps) > MaxDepthwiseTaps:
		panic(badSize)
	case len(w) < len(d.Taps)*d.Channels:
		panic(shortW)
	case len(zero) < d.Channels || len(bias) < d.Channels || len(mult) < d.Channels:
		panic(shortColumns)
	}
	d.zeros = slices.Max(w) > math.MaxInt8 || slices.Min(w) < math.MinInt8
	d.taps = append([]int32(nil), d.Taps...)
	for len(d.taps)%depthwiseTaps != 0 {
		d.taps = append(d.taps, d.Taps[0]) // their weights are the zero points
	}
	channels := roundUp(d.Channels, 16)
	d.packed, d.columns = make([]int8, channels*len(d.taps)), make([]int32, 3*channels)
	depthwiseBlocks(d.Channels, func(first, size int) {
		for c := range min(size, d.Channels-first) {
			at := first + c
			z := zero[at]
			if !d.zeros {
				z = 0
			}
			d.packChannel(first, size, c, w[at:], z, bias[at], mult[at])
		}
	})
}

// packChannel packs channel c of the block of the given first channel and size;
// q is the place of the channel in it:
//
//	packed[first*len(taps) + (t/4*size + q)*4 + t%4] = w[t] + zero
//	columns[3*first + {0, size, 2*size} + q] = bias, mult, -zero
func (d *DepthwiseU8) packChannel(first, size, c int, w []int16, zero, bias int32, mult float32) {
	q := depthwisePlace(c, size)
	packed, columns := d.packed[first*len(d.taps):], d.columns[3*first:]
	for t := range d.taps {
		v := int8(zero)
		if t < len(d.Taps) {
			v += int8(w[t*d.Channels])
		}
		packed[(t/depthwiseTaps*size+q)*depthwiseTaps+t%depthwiseTaps] = v
	}
	columns[q], columns[size+q], columns[2*size+q] = bias, int32(math.Float32bits(mult)), -zero
}

// Bytes is the memory that the packed weights take.
func (d *DepthwiseU8) Bytes() int { return len(d.packed) + 4*len(d.columns) }

// Run is, for p < positions and c < Channels, with what was packed,
//
//	s := bias[c] + sum over t of int32(x[p*step+Taps[t]+c]) * int32(w[t*Channels+c])
//	dst[p*Channels+c] = clamp(roundToEven(float32(s)*mult[c]) + Zero, Lo, Hi)
//
// where integers wrap around. It panics if a slice is too short or a number is
// negative. dst must not overlap x.
func (d *DepthwiseU8) Run(dst, x []uint8, positions, step int) {
	if positions <= 0 {
		return
	}
	last := 0
	for _, t := range d.Taps {
		if t < 0 || step < 0 {
			panic(badStride)
		}
		last = max(last, int(t))
	}
	switch {
	case len(x) < (positions-1)*step+last+d.Channels:
		panic(shortSrc)
	case len(dst) < positions*d.Channels:
		panic(shortDst)
	}
	d.run(dst, x, positions, step)
}
