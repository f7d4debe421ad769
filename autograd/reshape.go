package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Pad adds zeros around H and W of x [N,C,H,W].
func (t *Tape) Pad(x *Var, top, left, bottom, right int) *Var {
	s, in := x.Value.Shape(), x.Value.Float32()
	oh, ow := s[2]+top+bottom, s[3]+left+right
	return t.planeOp(x, oh, ow,
		func(y []float32, r kernel.Range) { kernel.Pad(y, in, s[2], s[3], top, left, oh, ow, r) },
		func(dx, dy []float32, r kernel.Range) { kernel.PadBackward(dx, dy, s[2], s[3], top, left, oh, ow, r) })
}

// Subsample keeps every stride-th row and column of x [N,C,H,W] and adds
// channels of zeros before and after.
func (t *Tape) Subsample(x *Var, stride, before, after int) *Var {
	s := x.Value.Shape()
	p := kernel.SubsampleParams{C: s[1], H: s[2], W: s[3], Stride: stride, Before: before, After: after}
	oh, ow := p.OutSize()
	y := t.alloc(s[0], before+s[1]+after, oh, ow)
	t.planes(s[0], s[1:].Elems(), func(lo, hi int) {
		kernel.Subsample(y.Float32(), x.Value.Float32(), p, kernel.Range{Lo: lo, Hi: hi})
	})
	return t.result(y, func(dy *tensor.Tensor) {
		dx := t.alloc(s...)
		t.planes(s[0], s[1:].Elems(), func(lo, hi int) {
			kernel.SubsampleBackward(dx.Float32(), dy.Float32(), p, kernel.Range{Lo: lo, Hi: hi})
		})
		t.give(x, dx)
	}, x)
}

// Select makes channel i of the result of channel channels[i] of x [N,C,...].
func (t *Tape) Select(x *Var, channels []int) *Var {
	s := x.Value.Shape().Clone()
	c, size := s[1], s[2:].Elems()
	s[1] = len(channels)
	y := t.alloc(s...)
	t.planes(s[0], y.Len()/s[0], func(lo, hi int) {
		kernel.Select(y.Float32(), x.Value.Float32(), channels, c, size, kernel.Range{Lo: lo, Hi: hi})
	})
	return t.result(y, func(dy *tensor.Tensor) {
		dx := t.alloc(x.Value.Shape()...)
		t.planes(s[0], c*size, func(lo, hi int) {
			kernel.SelectBackward(dx.Float32(), dy.Float32(), channels, c, size, kernel.Range{Lo: lo, Hi: hi})
		})
		t.give(x, dx)
	}, x)
}

// Reshape gives x another shape of the same size.
func (t *Tape) Reshape(x *Var, shape ...int) *Var {
	s := x.Value.Shape()
	return t.result(x.Value.Reshape(shape...), func(dy *tensor.Tensor) {
		dx := t.alloc(s...)
		copy(dx.Float32(), dy.Float32())
		t.give(x, dx)
	}, x)
}
