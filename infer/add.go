package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func addReal(c *compiler, n *nn.Node) (step, error) {
	a, b, y, act := c.slots[n.In[0]], c.slots[n.In[1]], c.slots[n.Out[0]], n.Op.(*nn.Add).Act.Clamp()
	return eachImage(func(e *env, i int) { kernel.Add(e.real(y, i), e.real(a, i), e.real(b, i), act) }), nil
}

func addCodes(c *compiler, n *nn.Node) (step, error) {
	if err := c.wantCodes(n); err != nil {
		return step{}, err
	}
	a, b, y := c.slots[n.In[0]], c.slots[n.In[1]], c.slots[n.Out[0]]
	add := kernel.NewAddU8(grid(n.In[0]), grid(n.In[1]), grid(n.Out[0]), n.Op.(*nn.Add).Act.Clamp())
	return eachImage(func(e *env, i int) { add.Run(e.code(y, i), e.code(a, i), e.code(b, i)) }), nil
}
