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
		tiles:   lin.Tiles(),
		batch:   true,
		need:    scratchSize{reals: lin.Scratch()},
		weights: lin.WeightBytes(),
		run: func(e *env, t task) {
			rows := kernel.Range{Hi: t.images.Hi - t.images.Lo}
			lin.Run(e.realRange(y, t.images), e.realRange(x, t.images), bias, act, rows, t.tiles, e.scratch[t.worker].reals)
		},
	}, nil
}

// linearCodes runs a fully connected layer in integers, to codes or, as the
// last layer does, to real values.
func linearCodes(c *compiler, n *nn.Node) (step, error) {
	l, err := c.layerU8(n, n.Op.(*nn.Linear).Act)
	if err != nil {
		return step{}, err
	}
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	lin, err := kernel.NewLinearU8(x.size, y.size, l)
	if err != nil {
		return step{}, err
	}
	s := step{tiles: lin.Tiles(), batch: true, setup: true, weights: lin.WeightBytes()}
	s.need.codes, s.need.sums = lin.Scratch()
	s.run = func(e *env, t task) {
		scratch := &e.scratch[t.worker]
		rows := kernel.Range{Hi: t.images.Hi - t.images.Lo}
		if y.real {
			lin.RunReal(e.realRange(y, t.images), e.codeRange(x, t.images), rows, t.tiles, scratch.codes, scratch.sums)
		} else {
			lin.Run(e.codeRange(y, t.images), e.codeRange(x, t.images), rows, t.tiles, scratch.codes, scratch.sums)
		}
	}
	return s, nil
}
