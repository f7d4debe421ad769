package kernel

import "mixq/asm"

// planDepthwise picks how planes are read: where they lie, if the level has a
// kernel for the geometry, else from a frame with their padding.
func (c *ConvF32) planDepthwise(p Conv2dParams) {
	f := &c.frame
	c.packed = make([]float32, c.groups*c.depth)
	if !asm.Plane3x3F32Pays() || c.transposed || p.KernelH != 3 || p.KernelW != 3 ||
		p.StrideH != p.StrideW || p.StrideH > 2 || p.DilationH != 1 || p.DilationW != 1 {
		return
	}
	c.plane = &asm.Plane3x3F32{Height: f.h, Width: f.w, Stride: p.StrideH, Top: p.PadTop, Left: p.PadLeft,
		Rows: c.positions / c.outW, Columns: c.outW}
	c.plane.Plan()
}

// depthwiseScratch is the number of float32 elements of scratch that
// runDepthwise needs.
func (c *ConvF32) depthwiseScratch() int {
	if c.plane != nil || c.frame.plain() {
		return c.positions
	}
	return c.positions + c.frame.fh*c.frame.fw
}

// runDepthwise computes the given channels, in kh,kw order.
func (c *ConvF32) runDepthwise(r *convRun, channels Range) {
	f := &c.frame
	acc, img := cut(r.scratch, c.positions)
	if c.plane == nil && !f.plain() {
		img, _ = cut(img, f.fh*f.fw)
		clear(img) // the zeros of the frame are the same for all planes
	}
	for g := channels.Lo; g < channels.Hi; g++ {
		src := r.x[g*f.h*f.w:][:f.h*f.w]
		lo, hi := g*c.positions, (g+1)*c.positions
		if r.residual == nil {
			c.convolvePlane(r.dst[lo:hi], src, img, g, r.biasOf(g), r.act)
			continue
		}
		c.convolvePlane(acc, src, img, g, 0, unbounded)
		r.finish(acc, g, lo, hi)
	}
}

// convolvePlane computes channel g; img is its frame, if it needs one.
func (c *ConvF32) convolvePlane(dst, src, img []float32, g int, bias float32, act Clamp) {
	f, w := &c.frame, c.packed[g*c.depth:][:c.depth]
	if c.plane != nil {
		c.plane.Run(dst, src, (*[9]float32)(w), bias, act.Lo, act.Hi)
		return
	}
	if !f.plain() {
		f.fillPlane(img, src, 0, f.fh)
		src = img
	}
	s := asm.StencilF32{Rows: c.positions / c.outW, Columns: c.outW, Stride: c.strideH * f.fw, Offsets: c.taps.At}
	s.Run(dst, src, w, bias, act.Lo, act.Hi)
}
