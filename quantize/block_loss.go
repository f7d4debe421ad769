package quantize

import (
	"cmp"
	"context"
	"math/rand/v2"

	"mixq/autograd"
	"mixq/internal/par"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// outputCost is what errors e of the output of a block cost: the mean over images
// of Σ eᵀSe over positions, where e is the error of all channels at a position.
// S is the mean of g·gᵀ over gradients g of the network's output by the block's,
// in Fisher directions (fisherDraw), so that this is to second order the
// divergence of the network's output if errors of positions are independent.
// BRECQ (equation 10) keeps but the diagonal, each element apart; that errors of
// channels make up for each other matters more than where they are.
type outputCost struct {
	channels int
	s        []float32 // C×C, with mean diagonal 1
	root     []float32 // upper triangular, S = rootᵀ·root
	threads  int
}

// Settings of newOutputCost.
const (
	fisherImages = 512
	fisherDraws  = 2    // directions for each image
	fisherRidge  = 1e-3 // of S, so that no error is for free
)

// newOutputCost measures S at the output of a block, y for some images, of which
// tail computes the output of the network; tail is nil at the end of the network.
func newOutputCost(ctx context.Context, tail *nn.Graph, y *tensor.Tensor, cfg Config) (*outputCost, error) {
	shape := y.Shape()
	channels := shape[1]
	sum := []*moments{newMoments(channels, false)}
	f := fisherGradients{tail: tail, y: y, seed: cfg.Seed, positions: shape[2:].Elems()}
	for range cfg.Threads {
		f.tapes = append(f.tapes, autograd.NewTape(1))
	}
	var scratch momentScratch
	for b := range min(numBlocks(y), fisherImages/block) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g, err := f.block(b)
		if err != nil {
			return nil, err
		}
		accumulate(sum, g, nil, len(g)/channels, cfg.Threads, &scratch)
	}
	c := &outputCost{channels: channels, threads: cfg.Threads}
	c.s, c.root = normalised(sum[0].xx, channels, cfg.Threads)
	return c, nil
}

// normalised turns the upper triangle of a second moment into a matrix of mean
// diagonal 1, and its root.
func normalised(upper []float64, k, threads int) (s, root []float32) {
	trace := 0.0
	for i := range k {
		trace += upper[i*k+i]
	}
	if !(trace > 0) {
		trace = 1 // the output depends on nothing: errors cost the ridge
	}
	h := make([]float64, k*k)
	s, root = make([]float32, k*k), make([]float32, k*k)
	for i := range k {
		for j := i; j < k; j++ {
			h[i*k+j] = upper[i*k+j] / trace * float64(k)
		}
		h[i*k+i] += fisherRidge
		for j := i; j < k; j++ {
			s[i*k+j], s[j*k+i] = float32(h[i*k+j]), float32(h[i*k+j])
		}
	}
	if !cholesky(h, k, threads) {
		panic("quantize: a second moment with a ridge is not positive definite")
	}
	for i, v := range h {
		root[i] = float32(v)
	}
	return s, root
}

// fisherGradients computes gradients of the network's output by y.
type fisherGradients struct {
	tail      *nn.Graph
	y         *tensor.Tensor
	seed      uint64
	positions int
	tapes     []*autograd.Tape // one per worker
}

// block returns the gradients of a block of images in all draws, one row for
// each position.
func (f *fisherGradients) block(b int) ([]float32, error) {
	lo, hi := b*block, min((b+1)*block, f.y.Shape()[0])
	size := f.y.Shape()[1:].Elems()
	rows, errs := make([]float32, (hi-lo)*fisherDraws*size), make([]error, hi-lo)
	par.For(len(f.tapes), hi-lo, func(worker, i int) {
		errs[i] = f.image(f.tapes[worker], lo+i, rows[i*fisherDraws*size:(i+1)*fisherDraws*size])
	})
	return rows, cmp.Or(errs...)
}

func (f *fisherGradients) image(t *autograd.Tape, i int, rows []float32) error {
	t.Reset()
	in := t.Param(f.y.Slice(i, i+1))
	out := in
	if f.tail != nil {
		r, err := train.Forward(t, f.tail, []*autograd.Var{in}, train.Options{Constant: true})
		if err != nil {
			return err
		}
		out = r.Out[0]
	}
	channels := f.y.Shape()[1]
	size := channels * f.positions
	for d := range fisherDraws {
		rng := rand.New(rand.NewPCG(f.seed, uint64(i)<<16|uint64(d)))
		t.Backward(out, tensor.FromFloat32(fisherDraw(out.Value.Float32(), 0, rng), out.Value.Shape()...))
		for at, g := range in.Grad.Float32() {
			rows[d*size+at%f.positions*channels+at/f.positions] = g
		}
	}
	return nil
}

// of returns the cost of outputs y where they should be want, both of n images,
// and its gradient by y.
func (c *outputCost) of(y, want []float32, n int) (cost float64, dy []float32) {
	size := len(y) / n
	positions := size / c.channels
	dy = make([]float32, len(y))
	costs := make([]float64, n)
	par.For(c.threads, n, func(_, i int) {
		e, d := make([]float32, size), dy[i*size:(i+1)*size]
		for j := range e {
			e[j] = y[i*size+j] - want[i*size+j]
		}
		scratch := make([]float32, kernel.GemmScratch(c.channels, positions, c.channels))
		kernel.Gemm(false, false, c.channels, positions, c.channels, 1, c.s, c.channels, e, positions, 0, d, positions, scratch)
		costs[i] = dot(e, d)
		for j := range d {
			d[j] *= 2 / float32(n)
		}
	})
	for _, v := range costs {
		cost += v
	}
	return cost / float64(n), dy
}

// draw is a random gradient by the outputs of an image: signs ±1 times the root
// of S, so that E[dy·dyᵀ] is S at every position and 0 between positions.
func (c *outputCost) draw(dy []float32, rng *rand.Rand) {
	positions := len(dy) / c.channels
	signs := make([]float32, len(dy))
	for i := range signs {
		signs[i] = float32(1 - 2*int(rng.Uint64()&1))
	}
	scratch := make([]float32, kernel.GemmScratch(c.channels, positions, c.channels))
	kernel.Gemm(true, false, c.channels, positions, c.channels, 1, c.root, c.channels, signs, positions, 0, dy, positions, scratch)
}
