package quantize

import (
	"context"
	"math"
	"math/rand/v2"

	"mixq/autograd"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
)

// The second-order metrics, for comparison. Products of the Hessian with a
// vector are central differences of gradients: relative steps of hessianStep
// are far above the rounding of float32 and far below the weights.
const (
	hessianImages   = 128
	hessianStep     = 1.0 / 256
	traceProbes     = 8
	powerIterations = 10
)

// hessianBlocks is the number of blocks of the images that are looked at.
func hessianBlocks(s imageSet) int { return (min(s.len(), hessianImages) + block - 1) / block }

func traceSteps(_ []layer, _ []LayerConfig, s imageSet) int {
	return 2 * traceProbes * hessianBlocks(s)
}

func eigenSteps(ls []layer, _ []LayerConfig, s imageSet) int {
	return 2 * powerIterations * len(ls) * hessianBlocks(s)
}

// hessianTrace is the mean diagonal of each layer's Hessian times ‖dW‖². For
// random signs v, E[v·Hv] is the trace; layers are probed together, since signs
// of different layers are uncorrelated.
func hessianTrace(ctx context.Context, e experiment) ([][]float64, error) {
	h := newHessian(e)
	curvature := make([]float64, len(e.layers))
	for probe := range traceProbes {
		rng := rand.New(rand.NewPCG(e.cfg.Seed, uint64(probe)))
		v := make([][]float32, len(e.layers))
		for i, l := range e.layers {
			v[i] = make([]float32, l.Weight.Type.Shape.Elems())
			for j := range v[i] {
				v[i][j] = float32(1 - 2*rng.IntN(2))
			}
		}
		hv, err := h.product(ctx, v)
		if err != nil {
			return nil, err
		}
		for i := range v {
			curvature[i] += dot(v[i], hv[i]) / float64(traceProbes*len(v[i]))
		}
	}
	return h.weigh(curvature)
}

// hessianEigen is the magnitude of the largest eigenvalue of each layer's
// Hessian times ‖dW‖².
func hessianEigen(ctx context.Context, e experiment) ([][]float64, error) {
	h := newHessian(e)
	largest := make([]float64, len(e.layers))
	for i, l := range e.layers {
		rng := rand.New(rand.NewPCG(e.cfg.Seed, uint64(i)))
		v := make([][]float32, len(e.layers))
		v[i] = make([]float32, l.Weight.Type.Shape.Elems())
		for j := range v[i] {
			v[i][j] = float32(rng.NormFloat64())
		}
		for range powerIterations {
			rms := math.Sqrt(dot(v[i], v[i]) / float64(len(v[i])))
			if rms == 0 {
				break
			}
			for j := range v[i] {
				v[i][j] = float32(float64(v[i][j]) / rms)
			}
			hv, err := h.product(ctx, v)
			if err != nil {
				return nil, err
			}
			largest[i] = math.Abs(dot(v[i], hv[i])) / float64(len(v[i]))
			v[i] = hv[i]
		}
	}
	return h.weigh(largest)
}

// hessian multiplies with the Hessian of the mean cross-entropy.
type hessian struct {
	experiment
	tape *autograd.Tape
	unit []float64 // step of each layer's weights for a vector of ones
}

func newHessian(e experiment) *hessian {
	e.imageSet = e.spread(hessianImages)
	h := &hessian{experiment: e, tape: autograd.NewTape(e.cfg.Threads)}
	for _, l := range e.layers {
		w := l.Weight.Data.Float32()
		rms := math.Sqrt(dot(w, w) / float64(len(w)))
		if rms == 0 {
			rms = 1
		}
		h.unit = append(h.unit, hessianStep*rms)
	}
	return h
}

// weigh multiplies the curvature of each layer by ‖dW‖².
func (h *hessian) weigh(curvature []float64) ([][]float64, error) {
	return h.each(func(layer int, c *candidate) (float64, error) {
		return curvature[layer] * dot(c.weight, c.weight), nil
	})
}

// product is H·v for a vector over the weights of all layers, whose elements are
// about one; nil parts are zero. Each layer takes a step of its own size, which
// makes the product exact for a block-diagonal H and, in v·Hv, for signs.
func (h *hessian) product(ctx context.Context, v [][]float32) ([][]float32, error) {
	up, err := h.gradient(ctx, v, 1)
	if err != nil {
		return nil, err
	}
	down, err := h.gradient(ctx, v, -1)
	if err != nil {
		return nil, err
	}
	hv := make([][]float32, len(v))
	for i := range v {
		hv[i] = make([]float32, len(up[i]))
		for j := range hv[i] {
			hv[i][j] = float32((up[i][j] - down[i][j]) / (2 * h.unit[i]))
		}
	}
	return hv, nil
}

// gradient is that of the mean cross-entropy by the weights, after a step
// along sign·v.
func (h *hessian) gradient(ctx context.Context, v [][]float32, sign float64) ([][]float64, error) {
	sum := make([][]float64, len(h.layers))
	for i, l := range h.layers {
		sum[i] = make([]float64, l.Weight.Type.Shape.Elems())
	}
	moved := h.moved(v, sign)
	for b := range numBlocks(h.images) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := h.block(b)
		h.tape.Reset()
		override := map[*nn.Value]*autograd.Var{}
		for i, l := range h.layers {
			override[l.Weight] = h.tape.Param(moved[i])
		}
		in := h.tape.Const(tensor.FromFloat32(pixels(s.images, h.g.Pixels), s.images.Shape()...))
		r, err := train.Forward(h.tape, h.g, []*autograd.Var{in}, train.Options{Constant: true, Override: override})
		if err != nil {
			return nil, err
		}
		loss := h.tape.CrossEntropy(r.Out[0], s.labels)
		h.tape.Backward(loss, tensor.FromFloat32([]float32{float32(s.len())}, 1))
		for i, l := range h.layers {
			for j, d := range override[l.Weight].Grad.Float32() {
				sum[i][j] += float64(d) / float64(h.len())
			}
		}
		h.step()
	}
	return sum, nil
}

// moved holds the weights after a step along sign·v.
func (h *hessian) moved(v [][]float32, sign float64) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(h.layers))
	for i, l := range h.layers {
		out[i] = l.Weight.Data
		if v[i] == nil {
			continue
		}
		out[i] = l.Weight.Data.Clone()
		w := out[i].Float32()
		for j, d := range v[i] {
			w[j] += float32(float64(sign*h.unit[i]) * float64(d))
		}
	}
	return out
}
