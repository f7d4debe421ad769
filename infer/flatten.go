package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// alias gives the input whose memory the output of n shares, if n has nothing
// to do.
func (c *compiler) alias(n *nn.Node) (*nn.Value, bool) {
	x := c.slots[n.In[0]]
	if x == nil {
		return nil, false
	}
	switch n.Op.Kind() {
	case nn.KindFlatten:
		return n.In[0], x.real || x.c == 1 || x.h*x.w == 1
	case nn.KindDequantize: // simulated values are real already
		return n.In[0], x.real
	}
	return nil, false
}

// nothing is the step of a layer whose output shares its input's memory.
func nothing(*compiler, *nn.Node) (step, error) { return step{}, nil }

// flattenCodes restores the logical order of the elements.
func flattenCodes(c *compiler, n *nn.Node) (step, error) {
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	if x == y {
		return step{}, nil
	}
	return eachImage(func(e *env, i int) { kernel.ToNCHW(e.code(y, i), e.code(x, i), x.c) }), nil
}
