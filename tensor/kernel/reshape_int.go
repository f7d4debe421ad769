package kernel

// ConcatU8 copies an image x of c channels to channels [first, first+c) of the
// image dst [H,W,total].
func ConcatU8(dst, x []uint8, c, total, first int) {
	for i := 0; i*c < len(x); i++ {
		copy(dst[i*total+first:][:c], x[i*c:])
	}
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
	for o := range oh * ow {
		in := (o/ow*p.W + o%ow) * p.Stride
		copy(dst[o*total+p.Before:], x[in*p.C:][:p.C])
	}
}

func fill(dst []uint8, v uint8) {
	for i := range dst {
		dst[i] = v
	}
}
