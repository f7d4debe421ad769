package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func padReal(c *compiler, n *nn.Node) (step, error) {
	x, y, op := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.Pad)
	return eachImage(func(e *env, i int) {
		kernel.Pad(e.real(y, i), e.real(x, i), x.h, x.w, op.Top, op.Left, y.h, y.w, kernel.Range{Hi: x.c})
	}), nil
}

// padCodes pads with the code of real 0.
func padCodes(c *compiler, n *nn.Node) (step, error) {
	x, y, op, zero := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.Pad), uint8(grid(n.In[0]).Zero)
	return eachImage(func(e *env, i int) {
		kernel.PadU8(e.code(y, i), e.code(x, i), x.c, x.h, x.w, op.Top, op.Left, y.h, y.w, zero)
	}), nil
}
