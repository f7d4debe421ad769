package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func selectReal(c *compiler, n *nn.Node) (step, error) {
	x, y, channels := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.Select).Channels
	return eachImage(func(e *env, i int) {
		kernel.Select(e.real(y, i), e.real(x, i), channels, x.c, x.h*x.w, kernel.Range{Hi: 1})
	}), nil
}

func selectCodes(c *compiler, n *nn.Node) (step, error) {
	x, y, channels := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.Select).Channels
	return eachImage(func(e *env, i int) { kernel.SelectU8(e.code(y, i), e.code(x, i), channels, x.c) }), nil
}
