package kernel

import "mixq/asm"

// MaxPoolU8 takes the largest code of each window of one image x [H,W,C] that
// is not padding, for some rows of dst [OH,OW,C].
func MaxPoolU8(dst, x []uint8, p Pool2dParams, c, h, w int, rows Range) {
	newPooling(p, h, w).eachOf(rows, func(o int, r rect, _ int) {
		out := dst[o*c:][:c]
		clear(out)
		for i := r.top; i < r.bottom; i++ {
			for j := r.left; j < r.right; j++ {
				asm.MaxU8(out, x[(i*w+j)*c:][:c])
			}
		}
	})
}
