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
