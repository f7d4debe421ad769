package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func addReal(c *compiler, n *nn.Node) (step, error) {
	a, b, y, act := c.slots[n.In[0]], c.slots[n.In[1]], c.slots[n.Out[0]], n.Op.(*nn.Add).Act.Clamp()
	return eachImage(func(e *env, i int) { kernel.Add(e.real(y, i), e.real(a, i), e.real(b, i), act) }), nil
}
