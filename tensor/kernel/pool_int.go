package kernel

import "mixq/asm"

// MaxPoolU8 takes the largest code of each window of one image x [H,W,C] that
// is not padding; dst is [OH,OW,C].
func MaxPoolU8(dst, x []uint8, p Pool2dParams, c, h, w int) {
	newPooling(p, h, w).each(func(o int, r rect, _ int) {
		out := dst[o*c:][:c]
		clear(out)
		for i := r.top; i < r.bottom; i++ {
			for j := r.left; j < r.right; j++ {
				asm.MaxU8(out, x[(i*w+j)*c:][:c])
			}
		}
	})
}

// AvgPoolU8 takes the mean of each window of one image x [H,W,C] on the grid in
// and rounds it once to the grid out:
//
//	y = clamp(roundToEven(float32(sum of (x - in.Zero))·float32(in.Scale/(out.Scale·n))) + out.Zero)
//
// for the n of AvgPool; padding is real 0, that is in.Zero. sums is scratch of C
// elements.
func AvgPoolU8(dst, x []uint8, p Pool2dParams, c, h, w int, in, out Grid, sums []int32) {
	newPooling(p, h, w).each(func(o int, r rect, n int) {
		r.meanU8(dst[o*c:][:c], x, w, n, in, out, sums)
	})
}

// AdaptiveAvgPoolU8 is AvgPoolU8 over the windows of AdaptiveAvgPool.
func AdaptiveAvgPoolU8(dst, x []uint8, c, h, w, oh, ow int, in, out Grid, sums []int32) {
	eachAdaptive(h, w, oh, ow, func(o int, r rect) {
		r.meanU8(dst[o*c:][:c], x, w, r.area(), in, out, sums)
	})
}

// meanU8 writes the mean over n of the pixels under the window of an image of
// width w.
func (r rect) meanU8(dst, x []uint8, w, n int, in, out Grid, sums []int32) {
	c := len(dst)
	sums = sums[:c]
	clear(sums)
	for i := r.top; i < r.bottom; i++ {
		for j := r.left; j < r.right; j++ {
			asm.AddU8(sums, x[(i*w+j)*c:][:c])
		}
	}
	zeros := in.Zero * int32(r.area())
	mult := float32(float64(in.Scale) / (float64(out.Scale) * float64(n)))
	for ch, s := range sums {
		dst[ch] = requantCode(s-zeros, mult, 0, float32(out.Max), float32(out.Zero))
	}
}
