package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// planeOp records an operator that maps planes of x [N,C,H,W] to planes of oh
// by ow, with its forward and backward kernels.
func (t *Tape) planeOp(x *Var, oh, ow int, forward func(y []float32, r kernel.Range), backward func(dx, dy []float32, r kernel.Range)) *Var {
	s := x.Value.Shape()
	planes, size := s[0]*s[1], s[2]*s[3]
	y := t.alloc(s[0], s[1], oh, ow)
	t.planes(planes, size, func(lo, hi int) { forward(y.Float32(), kernel.Range{Lo: lo, Hi: hi}) })
	return t.result(y, func(dy *tensor.Tensor) {
		dx := t.alloc(s...)
		t.planes(planes, size, func(lo, hi int) { backward(dx.Float32(), dy.Float32(), kernel.Range{Lo: lo, Hi: hi}) })
		t.give(x, dx)
	}, x)
}

// MaxPool is max pooling of x [N,C,H,W].
func (t *Tape) MaxPool(x *Var, p kernel.Pool2dParams) *Var {
	s, in := x.Value.Shape(), x.Value.Float32()
	oh, ow := p.OutSize(s[2], s[3])
	return t.planeOp(x, oh, ow,
		func(y []float32, r kernel.Range) { kernel.MaxPool(y, in, p, s[2], s[3], r) },
		func(dx, dy []float32, r kernel.Range) { kernel.MaxPoolBackward(dx, dy, in, p, s[2], s[3], r) })
}

// AvgPool is average pooling of x [N,C,H,W].
func (t *Tape) AvgPool(x *Var, p kernel.Pool2dParams) *Var {
	s, in := x.Value.Shape(), x.Value.Float32()
	oh, ow := p.OutSize(s[2], s[3])
	return t.planeOp(x, oh, ow,
		func(y []float32, r kernel.Range) { kernel.AvgPool(y, in, p, s[2], s[3], r) },
		func(dx, dy []float32, r kernel.Range) { kernel.AvgPoolBackward(dx, dy, p, s[2], s[3], r) })
}

// AdaptiveAvgPool takes means over oh by ow windows of x [N,C,H,W]; 1 by 1 is
// global average pooling.
func (t *Tape) AdaptiveAvgPool(x *Var, oh, ow int) *Var {
	s, in := x.Value.Shape(), x.Value.Float32()
	return t.planeOp(x, oh, ow,
		func(y []float32, r kernel.Range) { kernel.AdaptiveAvgPool(y, in, s[2], s[3], oh, ow, r) },
		func(dx, dy []float32, r kernel.Range) { kernel.AdaptiveAvgPoolBackward(dx, dy, s[2], s[3], oh, ow, r) })
}
