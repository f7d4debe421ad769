package kernel

import "mixq/asm"

// runDepthwise computes the given channels, each of which is a stencil on one
// plane, in kh,kw order. The zeros of the frame are the same for all.
func (c *ConvF32) runDepthwise(r *convRun, channels Range) {
	f := &c.frame
	s := asm.StencilF32{Rows: c.positions / c.outW, Columns: c.outW, Stride: c.strideH * f.fw, Offsets: c.taps.At}
	acc, scratch := cut(r.scratch, c.positions)
	var img []float32
	if !f.plain() {
		img, _ = cut(scratch, f.fh*f.fw)
		clear(img)
	}
	for g := channels.Lo; g < channels.Hi; g++ {
		src := r.x[g*f.h*f.w:][:f.h*f.w]
		if img != nil {
			f.fillPlane(img, src, 0, f.fh)
			src = img
		}
		w, lo, hi := c.packed[g*c.depth:][:c.depth], g*c.positions, (g+1)*c.positions
		if r.residual == nil {
			s.Run(r.dst[lo:hi], src, w, r.biasOf(g), r.act.Lo, r.act.Hi)
			continue
		}
		s.Run(acc, src, w, 0, unbounded.Lo, unbounded.Hi)
		r.finish(acc, g, lo, hi)
	}
}
