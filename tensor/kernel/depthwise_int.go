package kernel

// packDepthwise puts the weights, less their zero points, into the order of
// sumDepthwise: kernel row, kernel column, channel.
func (c *ConvU8) packDepthwise(l *LayerU8) {
	taps := c.p.KernelH * c.p.KernelW
	c.depthwise = make([]int32, len(l.Weight))
	for ch := range c.cout {
		for t := range taps {
			c.depthwise[t*c.cout+ch] = int32(l.Weight[ch*taps+t]) - l.WZero[ch]
		}
	}
}

// sumDepthwise sets acc [OW,C] to the sums of one row of output positions.
func (c *ConvU8) sumDepthwise(acc []int32, x []uint8, row int) {
	clear(acc[:c.ow*c.cout])
	for pos := range c.ow {
		c.sumStencil(acc[pos*c.cout:][:c.cout], x, row*c.p.StrideH-c.p.PadTop, pos*c.p.StrideW-c.p.PadLeft)
	}
}

// sumStencil adds the products of all taps of one output position, whose first
// tap looks at (top, left).
func (c *ConvU8) sumStencil(acc []int32, x []uint8, top, left int) {
	p := &c.p
	for i := range p.KernelH {
		for j := range p.KernelW {
			w := c.depthwise[(i*p.KernelW+j)*c.cout:][:len(acc)]
			y, z := top+i*p.DilationH, left+j*p.DilationW
			if y < 0 || y >= c.h || z < 0 || z >= c.w {
				for ch, v := range w {
					acc[ch] += v * int32(c.pad[0])
				}
				continue
			}
			px := x[(y*c.w+z)*c.cin:][:len(acc)]
			for ch, v := range w {
				acc[ch] += v * int32(px[ch])
			}
		}
	}
}
