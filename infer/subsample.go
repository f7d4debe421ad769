package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func subsampleReal(c *compiler, n *nn.Node) (step, error) {
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], c.subsampleParams(n)
	return eachImage(func(e *env, i int) {
		kernel.Subsample(e.real(y, i), e.real(x, i), p, kernel.Range{Hi: 1})
	}), nil
}

func (c *compiler) subsampleParams(n *nn.Node) kernel.SubsampleParams {
	x, op := c.slots[n.In[0]], n.Op.(*nn.Subsample)
	return kernel.SubsampleParams{C: x.c, H: x.h, W: x.w, Stride: op.Stride, Before: op.Before, After: op.After}
}

// subsampleCodes adds channels of the code of real 0.
func subsampleCodes(c *compiler, n *nn.Node) (step, error) {
	x, y, p, zero := c.slots[n.In[0]], c.slots[n.Out[0]], c.subsampleParams(n), uint8(grid(n.In[0]).Zero)
	return eachImage(func(e *env, i int) { kernel.SubsampleU8(e.code(y, i), e.code(x, i), p, zero) }), nil
}
