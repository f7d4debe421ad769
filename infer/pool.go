package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

func maxPoolReal(c *compiler, n *nn.Node) (step, error) {
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.MaxPool).Pool2dParams
	return poolReal(x, y, kernel.NewMaxPoolF32(p, x.h, x.w)), nil
}

func avgPoolReal(c *compiler, n *nn.Node) (step, error) {
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.AvgPool).Pool2dParams
	return poolReal(x, y, kernel.NewAvgPoolF32(p, x.h, x.w)), nil
}

// poolReal runs planned pooling of real values; a tile is a channel.
func poolReal(x, y *slot, p *kernel.PoolF32) step {
	return step{tiles: x.c, need: scratchSize{reals: p.Scratch()}, run: func(e *env, t task) {
		for i := t.images.Lo; i < t.images.Hi; i++ {
			p.Run(e.real(y, i), e.real(x, i), t.tiles, e.scratch[t.worker].reals)
		}
	}}
}

// adaptiveAvgPoolReal also does global pooling, whose output is 1 by 1.
func adaptiveAvgPoolReal(c *compiler, n *nn.Node) (step, error) {
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	return step{tiles: x.c, run: func(e *env, t task) {
		for i := t.images.Lo; i < t.images.Hi; i++ {
			kernel.AdaptiveAvgPool(e.real(y, i), e.real(x, i), x.h, x.w, y.h, y.w, t.tiles)
		}
	}}, nil
}

func maxPoolCodes(c *compiler, n *nn.Node) (step, error) {
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.MaxPool).Pool2dParams
	m := kernel.NewMaxPoolU8(p, x.c, x.h, x.w)
	return step{tiles: m.Tiles(), run: func(e *env, t task) {
		for i := t.images.Lo; i < t.images.Hi; i++ {
			m.Run(e.code(y, i), e.code(x, i), t.tiles)
		}
	}}, nil
}

func avgPoolCodes(c *compiler, n *nn.Node) (step, error) {
	if err := c.wantCodes(n); err != nil {
		return step{}, err
	}
	x, y, p := c.slots[n.In[0]], c.slots[n.Out[0]], n.Op.(*nn.AvgPool).Pool2dParams
	return mean(x, y, kernel.NewAvgPoolU8(p, x.c, x.h, x.w, grid(n.In[0]), grid(n.Out[0]))), nil
}

// adaptiveAvgPoolCodes also does global pooling, whose output is 1 by 1.
func adaptiveAvgPoolCodes(c *compiler, n *nn.Node) (step, error) {
	if err := c.wantCodes(n); err != nil {
		return step{}, err
	}
	x, y := c.slots[n.In[0]], c.slots[n.Out[0]]
	return mean(x, y, kernel.NewAdaptiveAvgPoolU8(x.c, x.h, x.w, y.h, y.w, grid(n.In[0]), grid(n.Out[0]))), nil
}

// mean runs planned pooling by means.
func mean(x, y *slot, m *kernel.MeanU8) step {
	return step{tiles: m.Tiles(), need: scratchSize{sums: m.Scratch()}, run: func(e *env, t task) {
		for i := t.images.Lo; i < t.images.Hi; i++ {
			m.Run(e.code(y, i), e.code(x, i), t.tiles, e.scratch[t.worker].sums)
		}
	}}
}
