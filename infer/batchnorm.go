package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// batchNormReal normalises with the running statistics.
func batchNormReal(c *compiler, n *nn.Node) (step, error) {
	var p [4][]float32
	for i, v := range n.In[1:] {
		var err error
		if p[i], err = realParam(v); err != nil {
			return step{}, err
		}
	}
	x, y, eps := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.BatchNorm).Eps
	return eachImage(func(e *env, i int) {
		kernel.BatchNorm(e.real(y, i), e.real(x, i), p[0], p[1], p[2], p[3], eps, x.h*x.w, kernel.Range{Hi: x.c})
	}), nil
}
