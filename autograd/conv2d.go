package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// convShape identifies the plans of a convolution.
type convShape struct {
	p               kernel.Conv2dParams
	cin, h, w, cout int
}

// conv holds the plans of one convolution geometry, made when first needed.
type conv struct {
	shape         convShape
	forward, data *kernel.ConvF32
	weight        *kernel.ConvWeightGrad
}

// conv returns the plans for x and weight.
func (t *Tape) conv(x, weight *tensor.Tensor, p kernel.Conv2dParams) *conv {
	s := x.Shape()
	k := convShape{p, s[1], s[2], s[3], weight.Shape()[0]}
	if t.convs[k] == nil {
		t.convs[k] = &conv{shape: k}
	}
	return t.convs[k]
}

// packed returns *plan holding the weight, made by plan if there is none.
func (c *conv) packed(at **kernel.ConvF32, plan func(kernel.Conv2dParams, int, int, int, int, []float32) *kernel.ConvF32, weight []float32) *kernel.ConvF32 {
	if *at == nil {
		s := c.shape
		*at = plan(s.p, s.cin, s.h, s.w, s.cout, weight)
	} else {
		(*at).Repack(weight)
	}
	return *at
}

// Conv2d is clamp(conv(x, weight) + bias + residual) for x [N,C,H,W], weight
// [O,C/Groups,KernelH,KernelW], bias [O] and residual [N,O,OH,OW]; bias and
// residual may be nil.
func (t *Tape) Conv2d(x, weight, bias, residual *Var, p kernel.Conv2dParams, act kernel.Clamp) *Var {
	s := x.Value.Shape()
	oh, ow := p.OutSize(s[2], s[3])
	y := t.alloc(s[0], weight.Value.Shape()[0], oh, ow)
	if residual != nil && !residual.Value.Shape().Equal(y.Shape()) {
		panic(badShape)
	}
	c := t.conv(x.Value, weight.Value, p)
	plan := c.packed(&c.forward, kernel.NewConvF32, weight.Value.Float32())
	t.run(plan, y, x.Value, data(bias), data(residual), act)
	return t.result(y, func(dy *tensor.Tensor) { t.conv2dVJP(c, dy, y, x, weight, bias, residual, act) },
		x, weight, bias, residual)
}

// data is the elements of an operand that may be absent.
func data(v *Var) []float32 {
	if v == nil {
		return nil
	}
	return v.Value.Float32()
}

// run applies a planned convolution to every image of x.
func (t *Tape) run(plan *kernel.ConvF32, y, x *tensor.Tensor, bias, residual []float32, act kernel.Clamp) {
	n := x.Shape()[0]
	in, out := x.Float32(), y.Float32()
	nx, ny := len(in)/n, len(out)/n
	t.each(n, plan.Scratch(), func(i int, scratch []float32) {
		var r []float32
		if residual != nil {
			r = residual[i*ny : (i+1)*ny]
		}
		plan.Run(out[i*ny:(i+1)*ny], in[i*nx:(i+1)*nx], bias, r, act, kernel.Range{Lo: 0, Hi: plan.Tiles()}, scratch)
	})
}

func (t *Tape) conv2dVJP(c *conv, dy, y *tensor.Tensor, x, weight, bias, residual *Var, act kernel.Clamp) {
	dz := t.unclamp(dy, y, act)
	s := dz.Shape()
	if wants(bias) {
		db := t.alloc(s[1])
		t.planes(s[1], s[0]*s[2]*s[3], func(lo, hi int) {
			kernel.BiasGrad(db.Float32(), dz.Float32(), s[0], s[2]*s[3], kernel.Range{Lo: lo, Hi: hi})
		})
		t.give(bias, db)
	}
	if wants(weight) {
		t.give(weight, t.weightGrad(c, dz, x.Value, weight.Value.Shape()))
	}
	if wants(x) {
		dx := t.alloc(x.Value.Shape()...)
		plan := c.packed(&c.data, kernel.NewConvDataGrad, weight.Value.Float32())
		t.run(plan, dx, dz, nil, nil, unbounded)
		t.give(x, dx)
	}
	if wants(residual) {
		t.give(residual, t.copyOf(dz))
	}
	if dz != dy {
		t.memory.free(dz)
	}
}

// gradBlock is the number of images whose weight gradients are summed by one
// worker; the blocks are added in order.
const gradBlock = 8

// weightGrad is the gradient of a convolution's weight.
func (t *Tape) weightGrad(c *conv, dz, x *tensor.Tensor, shape tensor.Shape) *tensor.Tensor {
	if c.weight == nil {
		s := c.shape
		c.weight = kernel.NewConvWeightGrad(s.p, s.cin, s.h, s.w, s.cout)
	}
	n := x.Shape()[0]
	blocks := (n + gradBlock - 1) / gradBlock
	dw := t.alloc(append([]int{blocks}, shape...)...)
	size := shape.Elems()
	sum := dw.Float32()
	clear(sum)
	t.each(blocks, c.weight.Scratch(), func(b int, scratch []float32) {
		images := kernel.Range{Lo: b * gradBlock, Hi: min((b+1)*gradBlock, n)}
		c.weight.Run(sum[b*size:(b+1)*size], dz.Float32(), x.Float32(), images, scratch)
	})
	for b := 1; b < blocks; b++ {
		for i, v := range sum[b*size : (b+1)*size] {
			sum[i] += v
		}
	}
	first := t.alloc(shape...)
	copy(first.Float32(), sum[:size])
	t.memory.free(dw)
	return first
}
