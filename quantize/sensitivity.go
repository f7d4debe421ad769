package quantize

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"mixq/autograd"
	"mixq/internal/par"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
)

// SensTable is the product of Sensitivity.
type SensTable struct {
	Images   int
	Draws    int
	Overhead int64 // bytes of a file besides weights, for Allocate; set by Job.Sensitivity
	Layers   []LayerSens
}

// LayerSens holds the sensitivity of one layer at each candidate bit-width:
// twice the estimated KL divergence between the float network's output and
// that of the network with only this layer quantized.
type LayerSens struct {
	Layer       string
	Weights     int64 // number of weights
	Channels    int64 // output channels
	Bits        []uint8
	Sensitivity []float64
}

// Sensitivity estimates, from gradients of the float network alone, how much
// each layer suffers at each bit-width (METHOD.md 2). For logits y and
// p = softmax(y) of an image, draw ε ~ N(0, I) and
//
//	r = √p⊙ε − p·⟨√p, ε⟩,  so that E[r·rᵀ] = diag(p) − p·pᵀ,
//
// the Fisher information of the output. One backward pass of ⟨r, y⟩ gives the
// gradients g of all layers, and
//
//	S[l,b] = mean over images and draws of (g_W·dW[l,b] + g_b·db[l,b])²
//
// for the perturbation dW, db that rounding layer l to b bits really makes. No
// labels, no Hessian, and no forward pass per bit-width.
//
// Where a layer has fewer patches than inputs, as the classifier of a large
// network has, the images that are rounded for are not those of the gradients:
// rounding makes such a layer right on its own images whatever the bit-width,
// and only others show what it costs.
func Sensitivity(ctx context.Context, g *nn.Graph, lc []LayerConfig, images *tensor.Tensor, cfg Config) (*SensTable, error) {
	cfg = cfg.withDefaults()
	cfg.SensDraws = orDefault(cfg.SensDraws, defaultDraws(g))
	fitted, images := sensImages(g, images, cfg)
	total, done := len(lc)+numBlocks(images), 0
	step := func() { done++; cfg.Progress(StageSensitivity, done, total) }
	cands, err := perturbations(ctx, g, lc, fitted, cfg, step)
	if err != nil {
		return nil, err
	}
	sums, err := project(ctx, g, cands, images, cfg, step)
	if err != nil {
		return nil, err
	}
	t := &SensTable{Images: images.Shape()[0], Draws: cfg.SensDraws, Layers: layerSizes(g, lc)}
	for i := range t.Layers {
		for _, s := range sums[i] {
			t.Layers[i].Sensitivity = append(t.Layers[i].Sensitivity, s/float64(t.Images*t.Draws))
		}
	}
	return t, nil
}

// sensImages chooses the images to round for and those to measure on, no more
// than Config.SensImages of either: the same, or two halves if a layer is scarce
// of patches.
func sensImages(g *nn.Graph, images *tensor.Tensor, cfg Config) (fitted, measured *tensor.Tensor) {
	n := images.Shape()[0]
	most := min(n, cfg.SensImages)
	if n == 1 || !slices.ContainsFunc(weighted(g), func(l layer) bool {
		p := newPatches(l, 0, cfg.Positions, cfg.Seed)
		return most*p.rows < p.k
	}) {
		same := images.Slice(0, most)
		return same, same
	}
	k := min(most, n/2)
	return images.Slice(k, min(n, k+most)), images.Slice(0, k)
}

// layerSizes describes the layers and their candidates, without sensitivities.
func layerSizes(g *nn.Graph, lc []LayerConfig) []LayerSens {
	var out []LayerSens
	for i, l := range weighted(g) {
		s := l.Weight.Type.Shape
		out = append(out, LayerSens{Layer: l.node.Name, Weights: int64(s.Elems()), Channels: int64(s[0]), Bits: lc[i].Bits})
	}
	return out
}

// project sums the squared projections over images and draws, in blocks merged
// in index order.
func project(ctx context.Context, g *nn.Graph, cands [][]candidate, images *tensor.Tensor, cfg Config, step func()) ([][]float64, error) {
	workers := make([]projector, max(cfg.Threads, 1))
	for i := range workers {
		workers[i] = projector{g: g, layers: weighted(g), cands: cands, tape: autograd.NewTape(1), draws: cfg.SensDraws, seed: cfg.Seed}
	}
	total := zerosLike(cands)
	for b := range numBlocks(images) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x := blockOf(images, b)
		n := x.Shape()[0]
		results, errs := make([][][]float64, n), make([]error, n)
		par.For(cfg.Threads, n, func(worker, i int) {
			results[i], errs[i] = workers[worker].image(x.Slice(i, i+1), b*block+i)
		})
		sum := zerosLike(cands)
		for i := range n {
			if errs[i] != nil {
				return nil, errs[i]
			}
			add(sum, results[i])
		}
		add(total, sum)
		step()
	}
	return total, nil
}

func zerosLike(cands [][]candidate) [][]float64 {
	z := make([][]float64, len(cands))
	for i := range z {
		z[i] = make([]float64, len(cands[i]))
	}
	return z
}

func add(dst, src [][]float64) {
	for i := range dst {
		for j := range dst[i] {
			dst[i][j] += src[i][j]
		}
	}
}

// projector computes the squared projections of single images. Each worker has
// its own.
type projector struct {
	g      *nn.Graph
	layers []layer
	cands  [][]candidate
	tape   *autograd.Tape
	draws  int
	seed   uint64
}

// image returns, for each layer and candidate, the sum over draws of the
// squared projection of the gradient on the perturbation.
func (p *projector) image(x *tensor.Tensor, index int) ([][]float64, error) {
	p.tape.Reset()
	in := p.tape.Const(tensor.FromFloat32(pixels(x, p.g.Pixels), x.Shape()...))
	r, err := train.Forward(p.tape, p.g, []*autograd.Var{in}, train.Options{})
	if err != nil {
		return nil, err
	}
	logits := r.Out[0]
	sum := zerosLike(p.cands)
	for d := range p.draws {
		rng := rand.New(rand.NewPCG(p.seed, uint64(index)<<16|uint64(d)))
		seed, err := fisherDraw(logits.Value.Float32(), rng)
		if err != nil {
			return nil, fmt.Errorf("quantize: calibration image %d: %w", index, err)
		}
		p.tape.Backward(logits, tensor.FromFloat32(seed, logits.Value.Shape()...))
		for i, l := range p.layers {
			gw, gb := r.Vars[l.Weight].Grad.Float32(), r.Vars[l.Bias].Grad.Float32()
			for j, c := range p.cands[i] {
				a := c.project(gw, gb)
				sum[i][j] += float64(a * a)
			}
		}
	}
	return sum, nil
}

// project is ⟨gw, dW⟩ + ⟨gb, db⟩.
func (c candidate) project(gw, gb []float32) float64 {
	a := dot(gw, c.weight)
	for o, v := range c.bias {
		a += float64(float64(gb[o]) * v)
	}
	return a
}

// fisherDraw is a random direction whose covariance is the Fisher information
// diag(p) − p·pᵀ of the softmax of y.
func fisherDraw(y []float32, rng *rand.Rand) ([]float32, error) {
	top := slices.Max(y)
	p := make([]float64, len(y))
	sum := 0.0
	for i, v := range y {
		p[i] = math.Exp(float64(v - top))
		sum += p[i]
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("logits are not finite")
	}
	r := make([]float64, len(y))
	inner := 0.0
	for i := range p {
		p[i] /= sum
		r[i] = math.Sqrt(p[i]) * rng.NormFloat64()
		inner += r[i]
	}
	out := make([]float32, len(y))
	for i := range r {
		out[i] = float32(r[i] - float64(p[i]*inner))
	}
	return out, nil
}

// dot accumulates in float64, in four interleaved chains of fixed order.
func dot(a, b []float32) float64 {
	var s [4]float64
	b = b[:len(a)]
	n := len(a) &^ 3
	for i := 0; i < n; i += 4 {
		s[0] += float64(float64(a[i]) * float64(b[i]))
		s[1] += float64(float64(a[i+1]) * float64(b[i+1]))
		s[2] += float64(float64(a[i+2]) * float64(b[i+2]))
		s[3] += float64(float64(a[i+3]) * float64(b[i+3]))
	}
	for i := n; i < len(a); i++ {
		s[0] += float64(float64(a[i]) * float64(b[i]))
	}
	return s[0] + s[1] + (s[2] + s[3])
}
