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

// Mul is the product of x and a gate of its shape, or of x [N,C,H,W] and a gate
// with one element for each image and channel.
func (t *Tape) Mul(x, gate *Var) *Var {
	planes := gate.Value.Len()
	size := x.Value.Len() / planes
	if size*planes != x.Value.Len() {
		panic(badShape)
	}
	a, b, y := x.Value.Float32(), gate.Value.Float32(), t.alloc(x.Value.Shape()...)
	t.planes(planes, size, func(lo, hi int) {
		kernel.Mul(y.Float32()[lo*size:hi*size], a[lo*size:hi*size], b[lo:hi], size)
	})
	return t.result(y, func(dy *tensor.Tensor) {
		if wants(x) {
			dx := t.alloc(x.Value.Shape()...)
			t.planes(planes, size, func(lo, hi int) {
				kernel.Mul(dx.Float32()[lo*size:hi*size], dy.Float32()[lo*size:hi*size], b[lo:hi], size)
			})
			t.give(x, dx)
		}
		if wants(gate) {
			dg := t.alloc(gate.Value.Shape()...)
			t.planes(planes, size, func(lo, hi int) {
				kernel.MulGateBackward(dg.Float32()[lo:hi], dy.Float32()[lo*size:hi*size], a[lo*size:hi*size], size)
			})
			t.give(gate, dg)
		}
	}, x, gate)
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
