package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func mulReal(c *compiler, n *nn.Node) (step, error) {
	x, gate, y := c.slots[n.In[0]], c.slots[n.In[1]], c.slots[n.Out[0]]
	return eachImage(func(e *env, i int) {
		kernel.Mul(e.real(y, i), e.real(x, i), e.real(gate, i), x.size/gate.size)
	}), nil
}

// mulCodes multiplies by a gate that is as long as the image or as one of its
// pixels, whose channels lie together.
func mulCodes(c *compiler, n *nn.Node) (step, error) {
	if err := c.wantCodes(n); err != nil {
		return step{}, err
	}
	x, gate, y := c.slots[n.In[0]], c.slots[n.In[1]], c.slots[n.Out[0]]
	mul := kernel.NewMulU8(grid(n.In[0]), grid(n.In[1]), grid(n.Out[0]))
	return eachImage(func(e *env, i int) { mul.Run(e.code(y, i), e.code(x, i), e.code(gate, i)) }), nil
}
