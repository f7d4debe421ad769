package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// BatchNorm is (x - mean)/sqrt(variance + eps)·weight + bias per channel of x
// [N,C,H,W]; weight, bias, mean and variance are [C]. mean and variance are
// constants: this is batch normalisation as in inference.
func (t *Tape) BatchNorm(x, weight, bias *Var, mean, variance *tensor.Tensor, eps float32) *Var {
	return t.batchNorm(x, weight, bias, mean, variance, eps, true)
}

// BatchNormTrain is BatchNorm with the mean and the biased variance of the
// batch, which it also returns; the gradient passes through them.
func (t *Tape) BatchNormTrain(x, weight, bias *Var, eps float32) (y *Var, mean, variance *tensor.Tensor) {
	s := x.Value.Shape()
	mean, variance = t.alloc(s[1]), t.alloc(s[1])
	t.planes(s[1], s[0]*s[2]*s[3], func(lo, hi int) {
		kernel.BatchNormStats(mean.Float32(), variance.Float32(), x.Value.Float32(), s[0], s[2]*s[3], kernel.Range{Lo: lo, Hi: hi})
	})
	return t.batchNorm(x, weight, bias, mean, variance, eps, false), mean, variance
}

func (t *Tape) batchNorm(x, weight, bias *Var, mean, variance *tensor.Tensor, eps float32, frozen bool) *Var {
	s := x.Value.Shape()
	hw := s[2] * s[3]
	y := t.alloc(s...)
	t.planes(s[0]*s[1], hw, func(lo, hi int) {
		kernel.BatchNorm(y.Float32(), x.Value.Float32(), weight.Value.Float32(), bias.Value.Float32(),
			mean.Float32(), variance.Float32(), eps, hw, kernel.Range{Lo: lo, Hi: hi})
	})
	return t.result(y, func(dy *tensor.Tensor) {
		dx, dw, db := t.alloc(s...), t.alloc(s[1]), t.alloc(s[1])
		t.planes(s[1], s[0]*hw, func(lo, hi int) {
			kernel.BatchNormBackward(dx.Float32(), dw.Float32(), db.Float32(), dy.Float32(), x.Value.Float32(), weight.Value.Float32(),
				mean.Float32(), variance.Float32(), eps, frozen, s[0], hw, kernel.Range{Lo: lo, Hi: hi})
		})
		t.giveOrFree(x, dx)
		t.giveOrFree(weight, dw)
		t.giveOrFree(bias, db)
	}, x, weight, bias)
}

// giveOrFree is give, if v wants its gradient.
func (t *Tape) giveOrFree(v *Var, g *tensor.Tensor) {
	if wants(v) {
		t.give(v, g)
	} else {
		t.memory.free(g)
	}
}
