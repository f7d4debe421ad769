package quantize

import (
	"math"

	"mixq/internal/par"
)

// sample is the observed distribution of a value: counts at representative
// points.
type sample struct {
	x []float64
	n []int64
}

// histogramBins is a multiple of 8 for each of the 256 codes, fine enough that
// rounding a bin's centre stands for rounding its members.
const histogramBins = 2048

// observeChunk is how many values one task observes.
const observeChunk = 1 << 16

// extremes are the least and the most of some values and of least and most, NaN
// if a value is not finite.
func extremes(data []float32, least, most float64, threads int) (float64, float64) {
	lows, highs := make([]float64, max(threads, 1)), make([]float64, max(threads, 1))
	for w := range lows {
		lows[w], highs[w] = least, most
	}
	par.Range(threads, len(data), observeChunk, func(w, lo, hi int) {
		l, h, bad := data[lo], data[lo], float32(0)
		for _, x := range data[lo:hi] {
			if x < l {
				l = x
			}
			if x > h {
				h = x
			}
			bad += x - x
		}
		lows[w], highs[w] = min(lows[w], float64(l+bad)), max(highs[w], float64(h+bad))
	})
	for w := range lows {
		least, most = min(least, lows[w]), max(most, highs[w])
	}
	return least, most
}

// histogram counts values between two bounds known from an earlier pass.
// Counts are integers, so the order of observation does not matter.
type histogram struct {
	least, most float64
	counts      [][]int64 // of each worker
}

func newHistogram(least, most float64, threads int) *histogram {
	h := &histogram{least: least, most: most, counts: make([][]int64, max(threads, 1))}
	for w := range h.counts {
		h.counts[w] = make([]int64, histogramBins)
	}
	return h
}

func (h *histogram) add(data []float32) {
	if h.least == h.most {
		h.counts[0][0] += int64(len(data))
		return
	}
	scale := histogramBins / (h.most - h.least)
	par.Range(len(h.counts), len(data), observeChunk, func(w, lo, hi int) {
		count := (*[histogramBins]int64)(h.counts[w])
		zeros := 0 // the most frequent value: not counted one by one
		for _, x := range data[lo:hi] {
			if x == 0 {
				zeros++
				continue
			}
			// Values are within the bounds; what rounding makes of the last is its bin.
			i := uint(float64(float64(x)-h.least) * scale)
			count[min(i, histogramBins-1)]++
		}
		count[min(uint(-h.least*scale), histogramBins-1)] += int64(zeros)
	})
}

func (h *histogram) sample() sample {
	s := sample{n: make([]int64, histogramBins), x: make([]float64, histogramBins)}
	for _, count := range h.counts {
		for i, n := range count {
			s.n[i] += n
		}
	}
	step := (h.most - h.least) / histogramBins
	for i := range s.x {
		s.x[i] = h.least + float64((float64(i)+.5)*step)
	}
	return s
}

// actSteps is the number of shrinkage factors tried at each end of a range.
const actSteps = 32

// leastAct is the smallest of them, by bit-width: the fewer codes there are, the
// more of a long tail it pays to cut off.
var leastAct = [9]float64{2: .05, 3: .1, 4: .1, 5: .2, 6: .2, 7: .3, 8: .3}

// fitActivation chooses scale and zero point of a per-tensor grid with codes
// 0..2^bits−1 by the least squared error over s, whose range is [least, most].
// The real number 0 is always exactly a code. mse is the mean squared error.
func fitActivation(s sample, least, most float64, bits uint8) (scale float32, zero int32, mse float64) {
	least, most = min(least, 0), max(most, 0)
	if least == most {
		return 1, 0, 0
	}
	levels := float64(int(1)<<bits - 1)
	var total int64
	for _, n := range s.n {
		total += n
	}
	bestErr := math.Inf(1)
	for i := range actSteps {
		for j := range actSteps {
			if least == 0 && i > 0 || most == 0 && j > 0 {
				continue // a range that starts or ends at 0 has one end to move
			}
			lo, hi := least*shrink(i, bits), most*shrink(j, bits)
			sc := float32((hi - lo) / levels)
			if sc == 0 || math.IsInf(float64(sc), 0) {
				continue
			}
			z := min(max(math.RoundToEven(-lo/float64(sc)), 0), levels)
			if e := s.squaredError(float64(sc), z, levels, bestErr); e < bestErr {
				scale, zero, bestErr = sc, int32(z), e
			}
		}
	}
	return scale, zero, bestErr / float64(max(total, 1))
}

func shrink(i int, bits uint8) float64 { return 1 - (1-leastAct[bits])*float64(i)/(actSteps-1) }

// squaredError is the sum of squared rounding errors; it may stop above limit.
func (s sample) squaredError(scale, zero, levels, limit float64) float64 {
	sum, inv := 0.0, 1/scale
	for i, x := range s.x {
		if s.n[i] == 0 {
			continue
		}
		q := min(max(float64(x*inv+roundMagic)-roundMagic, -zero), levels-zero)
		d := float64(q*scale) - x
		sum += float64(float64(d*d) * float64(s.n[i]))
		if sum > limit {
			break
		}
	}
	return sum
}
