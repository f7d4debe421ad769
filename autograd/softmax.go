package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Softmax is exp(x)/sum exp(x) along the rows of x [N,I].
func (t *Tape) Softmax(x *Var) *Var {
	s := x.Value.Shape()
	y := t.alloc(s...)
	t.planes(s[0], s[1], func(lo, hi int) {
		kernel.Softmax(y.Float32(), x.Value.Float32(), s[1], kernel.Range{Lo: lo, Hi: hi})
	})
	return t.result(y, func(dy *tensor.Tensor) {
		dx := t.alloc(s...)
		t.planes(s[0], s[1], func(lo, hi int) {
			kernel.SoftmaxBackward(dx.Float32(), dy.Float32(), y.Float32(), s[1], kernel.Range{Lo: lo, Hi: hi})
		})
		t.give(x, dx)
	}, x)
}
