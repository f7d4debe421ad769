package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// linearReal runs a fully connected layer in float32.
func linearReal(c *compiler, n *nn.Node) (step, error) {
	op := n.Op.(*nn.Linear)
	o, _ := n.Operands()
	weight, err := realParam(o.Weight)
	if err != nil {
		return step{}, err
	}
	bias, err := realBias(o)
	if err != nil {
		return step{}, err
	}
	x, y, act := c.slots[o.X], c.slots[n.Out[0]], op.Act.Clamp()
	lin := kernel.NewLinearF32(x.size, y.size, weight)
	return step{
		tiles: 1,
		batch: true,
		need:  scratchSize{reals: lin.Scratch()},
		run: func(e *env, t task) {
			rows := kernel.Range{Hi: t.images.Hi - t.images.Lo}
			lin.Run(e.realRange(y, t.images), e.realRange(x, t.images), bias, act, rows, e.scratch[t.worker].reals)
		},
	}, nil
}
