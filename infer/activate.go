package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func activateReal(c *compiler, n *nn.Node) (step, error) {
	x, y, act := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.Activate).Act.Clamp()
	return eachImage(func(e *env, i int) { kernel.Activate(e.real(y, i), e.real(x, i), act) }), nil
}
