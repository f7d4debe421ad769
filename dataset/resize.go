package dataset

import "math"

// Pillow's resampling, to the bit (libImaging/Resample.c, ImagingResample on
// 8-bit channels): a triangle filter as wide as the reduction, so that every
// input pixel counts, with weights in fixed point; rows first, then columns,
// and rounding to bytes after each.

const weightBits = 32 - 8 - 2 // of the fraction, Pillow's PRECISION_BITS

// taps says which input pixels make up the output pixels of a window along one
// axis: output i is the sum of weights[i][k]·input[first[i]+k].
type taps struct {
	first   []int
	weights [][]int32
}

// newTaps returns the taps of outputs lo to hi-1 when in pixels become out.
func newTaps(in, out, lo, hi int) taps {
	t := taps{make([]int, hi-lo), make([][]int32, hi-lo)}
	scale := float64(in) / float64(out)
	support := max(scale, 1)
	for i := range t.first {
		centre := float64((float64(lo+i) + .5) * scale)
		from := max(int(centre-support+.5), 0)
		to := min(int(centre+support+.5), in)
		t.first[i], t.weights[i] = from, bilinear(from, to, centre, support)
	}
	return t
}

// bilinear returns the weights of pixels from to to-1, whose sum is one.
func bilinear(from, to int, centre, support float64) []int32 {
	real := make([]float64, to-from)
	sum := 0.0
	for k := range real {
		real[k] = max(1-math.Abs(float64((float64(from+k)-centre+.5)*(1/support))), 0)
		sum += real[k]
	}
	weights := make([]int32, len(real))
	for k, w := range real {
		weights[k] = int32(.5 + float64(w/sum*(1<<weightBits)))
	}
	return weights
}

// span is the range of input pixels that t takes.
func (t taps) span() (lo, hi int) {
	last := len(t.first) - 1
	return t.first[0], t.first[last] + len(t.weights[last])
}

// resample writes a window of the resized image to dst, as planes of three
// colours. pix holds the input with four bytes a pixel and stride bytes a row.
func resample(dst, pix []uint8, stride int, x, y taps) {
	width, height := len(x.first), len(y.first)
	top, bottom := y.span()
	rows := make([]uint8, 3*(bottom-top)*width)
	for c := range 3 {
		plane := rows[c*(bottom-top)*width:][:(bottom-top)*width]
		for r := range bottom - top {
			x.row(plane[r*width:][:width], pix[(top+r)*stride+c:], 4)
		}
		for i, weights := range y.weights {
			column(dst[(c*height+i)*width:][:width], plane[(y.first[i]-top)*width:], weights)
		}
	}
}

// row resizes one colour of a row whose pixels are step bytes apart.
func (t taps) row(dst, src []uint8, step int) {
	for i, weights := range t.weights {
		sum := int32(1 << (weightBits - 1))
		at := step * t.first[i]
		for _, w := range weights {
			sum += w * int32(src[at])
			at += step
		}
		dst[i] = clamp(sum)
	}
}

// column is the weighted sum of rows that are len(dst) apart.
func column(dst, src []uint8, weights []int32) {
	for i := range dst {
		sum := int32(1 << (weightBits - 1))
		for k, w := range weights {
			sum += w * int32(src[k*len(dst)+i])
		}
		dst[i] = clamp(sum)
	}
}

func clamp(sum int32) uint8 { return uint8(min(max(sum>>weightBits, 0), 255)) }
