package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// convReal is a planned convolution in float32.
type convReal interface {
	Tiles() int
	Scratch() int
	WeightBytes() int64
	Run(dst, x, bias, residual []float32, act kernel.Clamp, tiles kernel.Range, scratch []float32)
}

// planConvReal picks the algorithm of a convolution.
func (c *compiler) planConvReal(p kernel.Conv2dParams, x, y *slot, weight []float32) convReal {
	if kernel.PointwiseFits(p, y.c) {
		return kernel.NewPointwiseF32(p, x.c, x.h, x.w, y.c, weight)
	}
	if c.opt.Winograd && kernel.WinogradPays(p, x.c, x.h, x.w, y.c) {
		return kernel.NewWinogradF32(p, x.c, x.h, x.w, y.c, weight)
	}
	return kernel.NewConvF32(p, x.c, x.h, x.w, y.c, weight)
}

// conv2dReal runs a convolution in float32.
func conv2dReal(c *compiler, n *nn.Node) (step, error) {
	op := n.Op.(*nn.Conv2d)
	o, _ := n.Operands()
	weight, err := realParam(o.Weight)
	if err != nil {
		return step{}, err
	}
	bias, err := realBias(o)
	if err != nil {
		return step{}, err
	}
	x, y, res, act := c.slots[o.X], c.slots[n.Out[0]], c.slots[o.Residual], op.Act.Clamp()
	conv := c.planConvReal(op.Conv2dParams, x, y, weight)
	return step{
		tiles:   conv.Tiles(),
		need:    scratchSize{reals: conv.Scratch()},
		weights: conv.WeightBytes(),
		run: func(e *env, t task) {
			for i := t.images.Lo; i < t.images.Hi; i++ {
				var r []float32
				if res != nil {
					r = e.real(res, i)
				}
				conv.Run(e.real(y, i), e.real(x, i), bias, r, act, t.tiles, e.scratch[t.worker].reals)
			}
		},
	}, nil
}

// conv2dCodes runs a convolution in integers, to codes or to real values.
func conv2dCodes(c *compiler, n *nn.Node) (step, error) {
	op := n.Op.(*nn.Conv2d)
	l, err := c.layerU8(n, op.Act)
	if err != nil {
		return step{}, err
	}
	o, _ := n.Operands()
	x, y, res := c.slots[o.X], c.slots[n.Out[0]], c.slots[o.Residual]
	conv, err := kernel.NewConvU8(op.Conv2dParams, x.c, x.h, x.w, y.c, l)
	if err != nil {
		return step{}, err
	}
	s := step{tiles: conv.Tiles(), setup: true, weights: conv.WeightBytes()}
	s.need.codes, s.need.sums = conv.Scratch()
	s.run = func(e *env, t task) {
		scratch := &e.scratch[t.worker]
		run := conv.Begin(t.tiles, t.images.Hi-t.images.Lo, scratch.codes, scratch.sums)
		for i := t.images.Lo; i < t.images.Hi; i++ {
			if y.real {
				run.Reals(e.real(y, i), e.code(x, i))
				continue
			}
			var r []uint8
			if res != nil {
				r = e.code(res, i)
			}
			run.Codes(e.code(y, i), e.code(x, i), r)
		}
	}
	return s, nil
}
