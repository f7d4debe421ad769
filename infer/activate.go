package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func activateReal(c *compiler, n *nn.Node) (step, error) {
	x, y, a := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.Activate).Act
	if !a.IsClamp() {
		f := a.Function()
		return eachImage(func(e *env, i int) { kernel.Map(e.real(y, i), e.real(x, i), f) }), nil
	}
	act := a.Clamp()
	return eachImage(func(e *env, i int) { kernel.Activate(e.real(y, i), e.real(x, i), act) }), nil
}

// activateCodes looks codes up in a table.
func activateCodes(c *compiler, n *nn.Node) (step, error) {
	a := n.Op.(*nn.Activate).Act
	if !a.IsClamp() {
		return c.lookup(n, a.Function().F)
	}
	act := a.Clamp()
	return c.lookup(n, func(x float64) float64 { return min(max(x, float64(act.Lo)), float64(act.Hi)) })
}

// lookup is the step of an element-wise function from codes to codes.
func (c *compiler) lookup(n *nn.Node, f func(float64) float64) (step, error) {
	if err := c.wantCodes(n); err != nil {
		return step{}, err
	}
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	t := kernel.NewLUT(grid(n.In[0]), grid(n.Out[0]), f)
	return eachImage(func(e *env, i int) { t.Run(e.code(y, i), e.code(x, i)) }), nil
}
