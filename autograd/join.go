package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Add is clamp(a + b) for a and b of one shape.
func (t *Tape) Add(a, b *Var, act kernel.Clamp) *Var {
	if !a.Value.Shape().Equal(b.Value.Shape()) {
		panic(badShape)
	}
	y := t.alloc(a.Value.Shape()...)
	t.elements(y.Len(), func(lo, hi int) {
		kernel.Add(y.Float32()[lo:hi], a.Value.Float32()[lo:hi], b.Value.Float32()[lo:hi], act)
	})
	return t.result(y, func(dy *tensor.Tensor) {
		dz := t.unclamp(dy, y, act)
		if wants(a) {
			t.give(a, t.copyOf(dz))
		}
		if wants(b) {
			t.give(b, t.copyOf(dz))
		}
		if dz != dy {
			t.memory.free(dz)
		}
	}, a, b)
}

// Concat joins xs, each [N,Ci,H,W], along the channels.
func (t *Tape) Concat(xs ...*Var) *Var {
	s := xs[0].Value.Shape().Clone()
	s[1] = 0
	for _, x := range xs {
		s[1] += x.Value.Shape()[1]
	}
	y := t.alloc(s...)
	total := y.Len() / s[0]
	at := 0
	for _, x := range xs {
		chw := x.Value.Len() / s[0]
		t.planes(s[0], chw, func(lo, hi int) {
			kernel.Concat(y.Float32(), x.Value.Float32(), chw, total, at, kernel.Range{Lo: lo, Hi: hi})
		})
		at += chw
	}
	return t.result(y, func(dy *tensor.Tensor) {
		at := 0
		for _, x := range xs {
			chw := x.Value.Len() / s[0]
			if wants(x) {
				dx := t.alloc(x.Value.Shape()...)
				t.planes(s[0], chw, func(lo, hi int) {
					kernel.ConcatBackward(dx.Float32(), dy.Float32(), chw, total, at, kernel.Range{Lo: lo, Hi: hi})
				})
				t.give(x, dx)
			}
			at += chw
		}
	}, xs...)
}
