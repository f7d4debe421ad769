package optim

import "math"

// Adam is adaptive moment estimation (Kingma and Ba 2015, algorithm 1) with the
// weight decay added to the gradient, as in torch.optim.Adam. A zero Beta1,
// Beta2 or Eps stands for .9, .999 or 1e-8.
type Adam struct {
	Beta1, Beta2 float64
	Eps          float64
	WeightDecay  float32

	steps         int
	first, second [][]float32
}

// Step implements Optimizer.
func (o *Adam) Step(rate float64, params, grads [][]float32) {
	o.first, o.second = grow(o.first, params), grow(o.second, params)
	o.steps++
	b1, b2, eps := or(o.Beta1, .9), or(o.Beta2, .999), or(o.Eps, 1e-8)
	size := rate / (1 - math.Pow(b1, float64(o.steps)))
	root := math.Sqrt(1 - math.Pow(b2, float64(o.steps)))
	for i, p := range params {
		first, second := o.first[i], o.second[i]
		for j, g := range grads[i] {
			d := float64(g + float32(o.WeightDecay*p[j]))
			m := b1*float64(first[j]) + (1-b1)*d
			v := b2*float64(second[j]) + (1-b2)*d*d
			first[j], second[j] = float32(m), float32(v)
			p[j] -= float32(size * m / (math.Sqrt(v)/root + eps))
		}
	}
}

// or is x, or def if x is zero.
func or(x, def float64) float64 {
	if x == 0 {
		return def
	}
	return x
}
