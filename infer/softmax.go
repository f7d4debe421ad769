package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func softmaxReal(c *compiler, n *nn.Node) (step, error) {
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	return eachImage(func(e *env, i int) {
		kernel.Softmax(e.real(y, i), e.real(x, i), x.size, kernel.Range{Hi: 1})
	}), nil
}
