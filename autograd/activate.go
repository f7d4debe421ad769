package autograd

import (
	"math"

	"mixq/tensor"
	"mixq/tensor/kernel"
)

// unbounded is the clamp that changes nothing.
var unbounded = kernel.Clamp{Lo: float32(math.Inf(-1)), Hi: float32(math.Inf(1))}

// Activate is clamp(x) for x of any shape.
func (t *Tape) Activate(x *Var, act kernel.Clamp) *Var {
	y := t.alloc(x.Value.Shape()...)
	t.elements(y.Len(), func(lo, hi int) {
		kernel.Activate(y.Float32()[lo:hi], x.Value.Float32()[lo:hi], act)
	})
	return t.result(y, func(dy *tensor.Tensor) { t.give(x, t.owned(t.unclamp(dy, y, act), dy)) }, x)
}

// Map is f(x) for x of any shape.
func (t *Tape) Map(x *Var, f kernel.Function) *Var {
	in, y := x.Value.Float32(), t.alloc(x.Value.Shape()...)
	t.elements(y.Len(), func(lo, hi int) { kernel.Map(y.Float32()[lo:hi], in[lo:hi], f) })
	return t.result(y, func(dy *tensor.Tensor) {
		dx := t.alloc(y.Shape()...)
		t.elements(y.Len(), func(lo, hi int) {
			kernel.MapBackward(dx.Float32()[lo:hi], dy.Float32()[lo:hi], in[lo:hi], f.Derivative)
		})
		t.give(x, dx)
	}, x)
}

// unclamp is the gradient before a fused activation with output y: dy itself if
// there is none, else a new tensor.
func (t *Tape) unclamp(dy, y *tensor.Tensor, act kernel.Clamp) *tensor.Tensor {
	if act == unbounded {
		return dy
	}
	dz := t.alloc(y.Shape()...)
	t.elements(y.Len(), func(lo, hi int) {
		kernel.ActivateBackward(dz.Float32()[lo:hi], dy.Float32()[lo:hi], y.Float32()[lo:hi], act)
	})
	return dz
}

// owned is dz, or a copy if it is dy, which is not the VJP's to give away.
func (t *Tape) owned(dz, dy *tensor.Tensor) *tensor.Tensor {
	if dz == dy {
		return t.copyOf(dy)
	}
	return dz
}
