package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func maxPoolReal(c *compiler, n *nn.Node) (step, error) {
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.MaxPool).Pool2dParams
	return eachImage(func(e *env, i int) {
		kernel.MaxPool(e.real(y, i), e.real(x, i), p, x.h, x.w, kernel.Range{Hi: x.c})
	}), nil
}

func avgPoolReal(c *compiler, n *nn.Node) (step, error) {
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.AvgPool).Pool2dParams
	return eachImage(func(e *env, i int) {
		kernel.AvgPool(e.real(y, i), e.real(x, i), p, x.h, x.w, kernel.Range{Hi: x.c})
	}), nil
}

// adaptiveAvgPoolReal also does global pooling, whose output is 1 by 1.
func adaptiveAvgPoolReal(c *compiler, n *nn.Node) (step, error) {
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	return eachImage(func(e *env, i int) {
		kernel.AdaptiveAvgPool(e.real(y, i), e.real(x, i), x.h, x.w, y.h, y.w, kernel.Range{Hi: x.c})
	}), nil
}
