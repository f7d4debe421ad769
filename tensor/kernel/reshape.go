package kernel

// Concat copies images [lo, hi) of x [N,C,H,W], with chw = C·H·W, to where a
// concatenation along the channels puts them: images of dst are total long and
// x begins at element at of each.
func Concat(dst, x []float32, chw, total, at int, images Range) {
	for n := images.Lo; n < images.Hi; n++ {
		copy(dst[n*total+at:][:chw], x[n*chw:][:chw])
	}
}

// ConcatBackward sets images [lo, hi) of dx to their part of dy, the reverse
// of Concat.
func ConcatBackward(dx, dy []float32, chw, total, at int, images Range) {
	for n := images.Lo; n < images.Hi; n++ {
		copy(dx[n*chw:][:chw], dy[n*total+at:][:chw])
	}
}

// Pad adds zeros around planes (n·C + c) of x [N,C,H,W]: top rows above, left
// columns before, until dst's planes are oh by ow.
func Pad(dst, x []float32, h, w, top, left, oh, ow int, planes Range) {
	clear(dst[planes.Lo*oh*ow : planes.Hi*oh*ow])
	for r := planes.Lo * h; r < planes.Hi*h; r++ {
		copy(dst[(r/h*oh+top+r%h)*ow+left:], x[r*w:][:w])
	}
}

// PadBackward sets dx to the gradient of Pad.
func PadBackward(dx, dy []float32, h, w, top, left, oh, ow int, planes Range) {
	for r := planes.Lo * h; r < planes.Hi*h; r++ {
		copy(dx[r*w:][:w], dy[(r/h*oh+top+r%h)*ow+left:])
	}
}

// SubsampleParams is the geometry of a channel-padding shortcut: every stride-th
// row and column is kept, and channels of zeros stand before and after the C
// of x.
type SubsampleParams struct{ C, H, W, Stride, Before, After int }

// OutSize is the number of output rows and columns.
func (p SubsampleParams) OutSize() (oh, ow int) {
	return ceilDiv(p.H, p.Stride), ceilDiv(p.W, p.Stride)
}

// eachRow calls f with the places of every kept row of images [lo, hi) in the
// output and in the input.
func (p SubsampleParams) eachRow(images Range, f func(out, in int)) {
	oh, ow := p.OutSize()
	for n := images.Lo; n < images.Hi; n++ {
		for c := range p.C {
			for i := range oh {
				f(((n*(p.Before+p.C+p.After)+p.Before+c)*oh+i)*ow, ((n*p.C+c)*p.H+i*p.Stride)*p.W)
			}
		}
	}
}

// Subsample computes images [lo, hi) of dst [N,Before+C+After,OH,OW] from x
// [N,C,H,W].
func Subsample(dst, x []float32, p SubsampleParams, images Range) {
	oh, ow := p.OutSize()
	chw := (p.Before + p.C + p.After) * oh * ow
	clear(dst[images.Lo*chw : images.Hi*chw])
	p.eachRow(images, func(out, in int) {
		for j := range ow {
			dst[out+j] = x[in+j*p.Stride]
		}
	})
}

// SubsampleBackward sets images [lo, hi) of dx to the gradient of Subsample.
func SubsampleBackward(dx, dy []float32, p SubsampleParams, images Range) {
	_, ow := p.OutSize()
	chw := p.C * p.H * p.W
	clear(dx[images.Lo*chw : images.Hi*chw])
	p.eachRow(images, func(out, in int) {
		for j := range ow {
			dx[in+j*p.Stride] = dy[out+j]
		}
	})
}
