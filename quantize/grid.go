package quantize

import (
	"math"

	"mixq/nn"
)

// grid is the affine grid of one output channel at some bit-width:
// real = scale·(code − zero) with signed codes in [lo, hi].
type grid struct {
	scale  float32
	zero   int32
	lo, hi int32
}

// round returns the nearest code, ties to even.
func (g grid) round(x float64) int32 {
	return g.clamp(math.RoundToEven(x/float64(g.scale)) + float64(g.zero))
}

// gridsOf are those of the output channels of quantized weights.
func gridsOf(q *nn.Quant) []grid {
	lo, hi := nn.SignedRange(q.Bits)
	grids := make([]grid, len(q.Scale))
	for o, scale := range q.Scale {
		grids[o] = grid{scale, q.Zero[o], lo, hi}
	}
	return grids
}

// weightsOf are the real values of the weights of the quantized layer l.
func weightsOf(l layer) []float64 {
	codes, grids := l.Weight.Data.Int8(), gridsOf(l.Weight.Type.Quant)
	w := make([]float64, len(codes))
	row := len(codes) / len(grids)
	for i, code := range codes {
		w[i] = grids[i/row].real(int32(code))
	}
	return w
}

// clamp brings a whole number into the range of the codes.
func (g grid) clamp(c float64) int32 { return int32(min(max(c, float64(g.lo)), float64(g.hi))) }

// real is the value of a code.
func (g grid) real(code int32) float64 { return float64(g.scale) * float64(code-g.zero) }

// The search space of fitGrid, by bit-width: the smallest part of the full
// range that is tried, and how far the zero point moves from the one the range
// suggests (METHOD.md 1; at 2 bits every zero point is tried).
var gridSearch = [9]struct {
	least float64
	reach int
}{2: {.2, 3}, 3: {.3, 2}, 4: {.3, 1}, 5: {.3, 1}, 6: {.3, 0}, 7: {.3, 0}, 8: {.3, 0}}

const gridSteps = 40 // scales tried for each channel

// fitGrid chooses the scale and zero point with the least squared rounding
// error over w. The range always contains 0. Rows of zeros get scale 1.
func fitGrid(w []float64, bits uint8) grid {
	lo, hi := nn.SignedRange(bits)
	best := grid{scale: 1, zero: 0, lo: lo, hi: hi}
	least, most := extent(w)
	if least == most {
		return best
	}
	search := gridSearch[bits]
	levels := float64(hi - lo)
	bestErr := math.Inf(1)
	for i := range gridSteps {
		f := search.least + (1-search.least)*float64(i)/(gridSteps-1)
		scale := float32(f * (most - least) / levels)
		if scale == 0 { // the range underflows float32; the channel is zero for all purposes
			return best
		}
		centre := int(math.RoundToEven(-f*least/float64(scale))) + int(lo)
		from, to := max(centre-search.reach, int(lo)), min(centre+search.reach, int(hi))
		for z := from; z <= to; z++ {
			g := grid{scale: scale, zero: int32(z), lo: lo, hi: hi}
			if e := g.squaredError(w, bestErr); e < bestErr {
				best, bestErr = g, e
			}
		}
	}
	return best
}

// extent is the range of w, widened to contain 0.
func extent(w []float64) (least, most float64) {
	for _, x := range w {
		least, most = min(least, x), max(most, x)
	}
	return least, most
}

// roundMagic rounds to the nearest even integer when added to a float64 of
// magnitude below 2^51 and subtracted again.
const roundMagic = 3 << 51

// squaredError is the sum of squared rounding errors over w; it may stop once
// the sum exceeds limit.
func (g grid) squaredError(w []float64, limit float64) float64 {
	s, inv, z := float64(g.scale), 1/float64(g.scale), float64(g.zero)
	lo, hi := float64(g.lo)-z, float64(g.hi)-z
	sum := 0.0
	for len(w) > 0 && sum < limit {
		n := min(len(w), 64)
		for _, x := range w[:n] {
			q := min(max(float64(x*inv+roundMagic)-roundMagic, lo), hi)
			d := float64(q*s) - x
			sum += float64(d * d)
		}
		w = w[n:]
	}
	return sum
}

// nearest rounds a row to g.
func (g grid) nearest(codes []int8, w []float64) {
	for i, x := range w {
		codes[i] = int8(g.round(x))
	}
}
