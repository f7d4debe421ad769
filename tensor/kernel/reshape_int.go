package kernel

import "mixq/asm"

// ConcatU8 copies an image x of c channels to channels [first, first+c) of the
// image dst [H,W,total].
func ConcatU8(dst, x []uint8, c, total, first int) {
	asm.CopyRowsU8(dst[first:], total, x, c, len(x)/c, c)
}

// PadU8 puts pad around one image x [H,W,C]: top rows above, left columns before,
// until dst is oh by ow.
func PadU8(dst, x []uint8, c, h, w, top, left, oh, ow int, pad uint8) {
	fill(dst[:oh*ow*c], pad)
	for i := range h {
		copy(dst[((top+i)*ow+left)*c:], x[i*w*c:][:w*c])
	}
}

// SubsampleU8 computes one image dst [OH,OW,Before+C+After] from x [H,W,C], with
// pad in the channels that are added.
func SubsampleU8(dst, x []uint8, p SubsampleParams, pad uint8) {
	oh, ow := p.OutSize()
	total := p.Before + p.C + p.After
	fill(dst[:oh*ow*total], pad)
	for i := range oh {
		asm.CopyRowsU8(dst[i*ow*total+p.Before:], total, x[i*p.Stride*p.W*p.C:], p.Stride*p.C, ow, p.C)
	}
}

func fill(dst []uint8, v uint8) {
	for i := range dst {
		dst[i] = v
	}
}
