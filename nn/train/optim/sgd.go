package optim

// SGD is stochastic gradient descent with momentum,
//
//	g = grad + WeightDecay·p
//	v = Momentum·v + g
//	p = p - rate·v                    or, with Nesterov, p - rate·(g + Momentum·v)
//
// where v starts as zero (Sutskever et al. 2013, with PyTorch's scaling).
type SGD struct {
	Momentum    float32
	WeightDecay float32
	Nesterov    bool

	velocity [][]float32
}

// Step implements Optimizer.
func (o *SGD) Step(rate float64, params, grads [][]float32) {
	o.velocity = grow(o.velocity, params)
	for i, p := range params {
		o.update(float32(rate), p, grads[i], o.velocity[i])
	}
}

func (o *SGD) update(rate float32, p, grad, velocity []float32) {
	for i, g := range grad {
		g += float32(o.WeightDecay * p[i])
		v := float32(o.Momentum*velocity[i]) + g
		velocity[i] = v
		if o.Nesterov {
			v = g + float32(o.Momentum*v)
		}
		p[i] -= float32(rate * v)
	}
}
