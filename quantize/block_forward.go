package quantize

import (
	"math/rand/v2"

	"mixq/autograd"
	"mixq/internal/par"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// gradients are those of the mean cost over the images of a step, by latents, by
// gains and by biases of every trained layer.
func (t *blockTrainer) gradients(step int) (grads [len(blockRates)][][]float32, err error) {
	images := t.batch(step)
	out, params, err := t.forward(images, step)
	if err != nil {
		return grads, err
	}
	_, dy := t.cost.of(out.Value.Float32(), rowsOf(t.want, images).Float32(), len(images))
	t.tape.Backward(out, tensor.FromFloat32(dy, out.Value.Shape()...))
	for _, p := range params {
		dw := p.weight.Grad.Float32()
		for k, g := range [len(blockRates)][]float32{p.layer.latentGradient(dw), p.layer.gainGradient(dw), p.bias.Grad.Float32()} {
			grads[k] = append(grads[k], g)
		}
	}
	return grads, nil
}

// probe estimates the curvature of the cost by every code: the mean of its square
// gradients under random gradients by the outputs, for which the squares of
// different images and positions add up to the diagonal of JᵀSJ (Hutchinson
// 1990), J the derivative of the outputs.
func (t *blockTrainer) probe() error {
	for p := range blockProbes {
		images := t.batch(p)
		out, params, err := t.forward(images, noDrop)
		if err != nil {
			return err
		}
		dy := make([]float32, out.Value.Len())
		size := len(dy) / len(images)
		for i := range images {
			rng := rand.New(rand.NewPCG(^t.cfg.Seed, uint64(t.index)<<32|uint64(p*blockBatch+i)))
			t.cost.draw(dy[i*size:(i+1)*size], rng)
		}
		t.tape.Backward(out, tensor.FromFloat32(dy, out.Value.Shape()...))
		for _, p := range params {
			p.layer.addCurvature(p.weight.Grad.Float32(), 2/float32(len(images)*blockProbes))
		}
	}
	for _, l := range t.layers {
		l.smoothCurvature()
	}
	return nil
}

// blockParams are the variables of a layer in a pass.
type blockParams struct {
	layer        *blockLayer
	weight, bias *autograd.Var
}

// noDrop is the step of a pass in which every activation is rounded.
const noDrop = -1

// forward records the pass of some images through the block and returns the
// outputs and the variables of the layers that are trained.
func (t *blockTrainer) forward(images []int, step int) (*autograd.Var, []blockParams, error) {
	t.tape.Reset()
	override := map[*nn.Value]*autograd.Var{}
	var params []blockParams
	for _, l := range t.layers {
		variable := t.tape.Const
		if l.trained {
			l.round()
			variable = t.tape.Param
		}
		w, b := variable(l.tuned()), variable(tensor.FromFloat32(l.bias, l.float.Bias.Type.Shape...))
		override[l.float.Weight], override[l.float.Bias] = w, b
		if l.trained {
			params = append(params, blockParams{l, w, b})
		}
	}
	in := t.tape.Const(reals(rowsOf(t.in, images), t.grid))
	value := 0
	round := func(v *nn.Value, x *autograd.Var) *autograd.Var {
		g, ok := t.grids[v]
		if !ok {
			return x
		}
		value++
		return t.fakeQuant(x, g, t.drops(step, value))
	}
	r, err := train.Forward(t.tape, t.part, []*autograd.Var{in}, train.Options{Constant: true, Override: override, Output: round})
	if err != nil {
		return nil, nil, err
	}
	return r.Out[0], params, nil
}

// fakeQuantChunk is the number of elements that one task rounds, and that one
// sequence of random numbers drops.
const fakeQuantChunk = 1 << 14

// fakeQuant rounds x to g, except for the elements that drop takes out of chunks
// of it. Gradients pass as if it did nothing, but not where x is out of the range
// of g (straight-through estimator).
func (t *blockTrainer) fakeQuant(x *autograd.Var, g kernel.Grid, drop func(chunk int, real, rounded []float32)) *autograd.Var {
	shape, real := x.Value.Shape(), x.Value.Float32()
	out := make([]float32, len(real))
	codes := make([]uint8, len(real))
	par.Range(t.cfg.Threads, len(real), fakeQuantChunk, func(_, lo, hi int) {
		kernel.Quantize(codes[lo:hi], real[lo:hi], g)
		kernel.Dequantize(out[lo:hi], codes[lo:hi], g)
		drop(lo/fakeQuantChunk, real[lo:hi], out[lo:hi])
	})
	return t.tape.Custom(tensor.FromFloat32(out, shape...), func(dy *tensor.Tensor) []*tensor.Tensor {
		dx := make([]float32, len(real))
		limit := .501 * g.Scale // a rounding error; more is out of range
		par.Range(t.cfg.Threads, len(real), fakeQuantChunk, func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				if e := out[i] - real[i]; -limit <= e && e <= limit {
					dx[i] = dy.Float32()[i]
				}
			}
		})
		return []*tensor.Tensor{tensor.FromFloat32(dx, shape...)}
	}, x)
}

// drops leaves a part of the elements real (QDrop), each chunk by random numbers
// of its own for the value'th value of a step.
func (t *blockTrainer) drops(step, value int) func(chunk int, real, rounded []float32) {
	if step == noDrop || t.cfg.Blocks.Drop == 0 {
		return func(int, []float32, []float32) {}
	}
	limit := uint32(t.cfg.Blocks.Drop * (1 << 32))
	key := uint64(t.index)<<40 | uint64(step)<<16 | uint64(value)
	return func(chunk int, real, rounded []float32) {
		rng := rand.New(rand.NewPCG(t.cfg.Seed^key, uint64(chunk)))
		for i := range rounded {
			if rng.Uint32() < limit {
				rounded[i] = real[i]
			}
		}
	}
}
