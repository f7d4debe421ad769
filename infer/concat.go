package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// concatReal copies one input after another: channels come first in real images.
func concatReal(c *compiler, n *nn.Node) (step, error) {
	xs, y := c.inputs(n), c.slots[n.Out[0]]
	return eachImage(func(e *env, i int) {
		dst := e.real(y, i)
		for _, x := range xs {
			dst = dst[copy(dst, e.real(x, i)):]
		}
	}), nil
}

// inputs are the slots of all inputs of n.
func (c *compiler) inputs(n *nn.Node) []*slot {
	xs := make([]*slot, len(n.In))
	for i, v := range n.In {
		xs[i] = c.slots[v]
	}
	return xs
}

// concatCodes interleaves the inputs: channels come last in images of codes.
func concatCodes(c *compiler, n *nn.Node) (step, error) {
	xs, y := c.inputs(n), c.slots[n.Out[0]]
	return eachImage(func(e *env, i int) {
		first := 0
		for _, x := range xs {
			kernel.ConcatU8(e.code(y, i), e.code(x, i), x.c, y.c, first)
			first += x.c
		}
	}), nil
}
