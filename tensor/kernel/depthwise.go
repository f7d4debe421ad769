package kernel

// runDepthwise computes channel g, whose kernel is a stencil on one plane: row
// by row, three taps at a time, in kh,kw order.
func (c *ConvF32) runDepthwise(dst, x, bias, residual []float32, act Clamp, g int, scratch []float32) {
	acc, scratch := cut(scratch, c.outW)
	img := c.image(x, g, Range{0, c.positions}, scratch)
	w := c.packed[g*c.depth:][:c.depth]
	for p := 0; p < c.positions; p += c.outW {
		clear(acc)
		line := img[p/c.outW*c.strideH*c.frame.fw:]
		t := 0
		for ; t+3 <= len(w); t += 3 {
			axpy3(acc, line[c.taps[t]:], line[c.taps[t+1]:], line[c.taps[t+2]:], w[t], w[t+1], w[t+2], c.stepW)
		}
		for ; t < len(w); t++ {
			axpy(acc, line[c.taps[t]:], w[t], c.stepW)
		}
		finish(dst[g*c.positions+p:][:c.outW], acc, bias, g, residual, g*c.positions+p, act)
	}
}

// axpy is y[i] += a·x[i·step].
func axpy(y, x []float32, a float32, step int) {
	for i := range y {
		y[i] += float32(a * x[i*step])
	}
}

// axpy3 is y[i] += a·x0[i·step], then b·x1, then c·x2.
func axpy3(y, x0, x1, x2 []float32, a, b, c float32, step int) {
	if len(y) == 0 {
		return
	}
	if step == 1 {
		x0, x1, x2 = x0[:len(y)], x1[:len(y)], x2[:len(y)]
		for i, v := range y {
			v += float32(a * x0[i])
			v += float32(b * x1[i])
			y[i] = v + float32(c*x2[i])
		}
		return
	}
	last := (len(y)-1)*step + 1
	x0, x1, x2 = x0[:last], x1[:last], x2[:last]
	for i, v := range y {
		v += float32(a * x0[i*step])
		v += float32(b * x1[i*step])
		y[i] = v + float32(c*x2[i*step])
	}
}
