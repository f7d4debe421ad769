package kernel

import "mixq/asm"

// bandRows is the number of output rows that a depthwise convolution sums in
// one go: all if their pixels follow each other in the frame.
func (c *ConvF32) bandRows() int {
	if c.strideH == 1 {
		return c.positions / c.outW
	}
	return 1
}

// runDepthwise computes channel g, whose kernel is a stencil on one plane, in
// kh,kw order. Sums that straddle two rows of the frame are left unused.
func (c *ConvF32) runDepthwise(r *convRun, g int) {
	rows, fw := c.bandRows(), c.frame.fw
	acc, scratch := cut(r.scratch, rows*fw)
	img := c.image(r.x, g, Range{0, c.positions}, scratch)
	for band := 0; band < c.positions; band += rows * c.outW {
		n := (rows-1)*fw + c.outW
		asm.StencilF32(acc[:n], img[band/c.outW*c.strideH*fw:], c.taps, c.packed[g*c.depth:][:c.depth])
		for i := range rows {
			lo := g*c.positions + band + i*c.outW
			r.finish(acc[i*fw:], g, lo, lo+c.outW)
		}
	}
}
