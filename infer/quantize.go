package infer

import (
	"fmt"

	"mixq/nn"
	"mixq/tensor/kernel"
)

// quantizeReal makes codes of real values. In other modes than Integer, and
// where the output is real, it copies: rounding is a step of its own.
func quantizeReal(c *compiler, n *nn.Node) (step, error) {
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	if y.real {
		return eachImage(func(e *env, i int) { copy(e.real(y, i), e.real(x, i)) }), nil
	}
	g := grid(n.Out[0])
	return eachImage(func(e *env, i int) { kernel.QuantizeNHWC(e.code(y, i), e.real(x, i), x.c, g) }), nil
}

// round makes the step that moves simulated values onto their grid.
func (c *compiler) round(v *nn.Value) step {
	y, g := c.slots[v], grid(v)
	return eachImage(func(e *env, i int) { kernel.RoundToGrid(e.real(y, i), g) })
}

// quantizeCodes moves codes from one grid to another.
func quantizeCodes(c *compiler, n *nn.Node) (step, error) {
	return c.lookup(n, func(x float64) float64 { return x })
}

// dequantizeCodes makes real values of codes.
func dequantizeCodes(c *compiler, n *nn.Node) (step, error) {
	x, y, g := c.slots[n.In[0]], c.slots[n.Out[0]], grid(n.In[0])
	if !y.real {
		return step{}, fmt.Errorf("the output %s of a dequantize layer is quantized", n.Out[0].Name)
	}
	return eachImage(func(e *env, i int) { kernel.DequantizeNCHW(e.real(y, i), e.code(x, i), x.c, g) }), nil
}
