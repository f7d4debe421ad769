package quantize

import (
	"context"
	"math/rand/v2"

	"mixq/autograd"
	"mixq/nn"
	"mixq/nn/train/optim"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Settings of training, from the measurements in docs/METHOD.md.
const (
	blockBatch  = 32
	blockWarmup = 10
	blockProbes = 16 // batches that curvatures are estimated from
)

// blockRates are the learning rates of Adam for latents, in codes; for gains; and
// for biases.
var blockRates = [...]float64{2e-2, 5e-4, 1e-3}

// blockTrainer trains a block.
type blockTrainer struct {
	cfg    Config
	index  int
	part   *nn.Graph // the float graph of the block
	layers []*blockLayer
	grids  map[*nn.Value]kernel.Grid // of the values of part that are rounded
	in     *tensor.Tensor            // codes of the quantized network at its input, by image
	grid   *nn.Quant                 // of in
	want   *tensor.Tensor            // outputs of the float network, by image
	cost   *outputCost
	images []int // that it trains on
	tape   *autograd.Tape
	step   func() // called after each
}

// trainer makes the trainer of block i, segment s.
func (r *reconstruction) trainer(ctx context.Context, i int, s segment) (*blockTrainer, error) {
	p := r.pass
	in, out := valueAt(p.g, s.from), valueAt(p.g, s.to)
	t := &blockTrainer{cfg: p.cfg, index: i, tape: autograd.NewTape(p.cfg.Threads), step: p.step}
	var err error
	if t.part, err = p.g.Extract([]*nn.Value{in}, []*nn.Value{out}); err != nil {
		return nil, err
	}
	t.addLayers(p, s)
	t.grids = map[*nn.Value]kernel.Grid{}
	for _, n := range t.part.Nodes {
		if q := p.q.Node(n.Name).Out[0].Type.Quant; q != nil && !n.Op.Kind().CodesMove() {
			t.grids[n.Out[0]] = kernelGrid(q)
		}
	}
	if err := r.gather(ctx, t, s); err != nil {
		return nil, err
	}
	var tail *nn.Graph
	if out != p.g.Outputs[0] {
		if tail, err = p.g.Extract([]*nn.Value{out}, p.g.Outputs); err != nil {
			return nil, err
		}
	}
	t.cost, err = newOutputCost(ctx, tail, t.want, p.cfg)
	return t, err
}

// valueAt is the output of node i, or the input of g for -1.
func valueAt(g *nn.Graph, i int) *nn.Value {
	if i < 0 {
		return g.Inputs[0]
	}
	return g.Nodes[i].Out[0]
}

func (t *blockTrainer) addLayers(p *twoStream, s segment) {
	for i, l := range weighted(t.part) {
		trained := rounders[p.lc[s.lo+i].Rounding].blocks
		t.layers = append(t.layers, newBlockLayer(l, p.targets[s.lo+i], trained))
	}
}

// gather computes what goes into the block and what should come out, for as many
// images as may be kept.
func (r *reconstruction) gather(ctx context.Context, t *blockTrainer, s segment) (err error) {
	in, out := valueAt(r.pass.q, s.from), valueAt(r.pass.g, s.to)
	size := 4 * max(in.Type.Shape[1:].Elems(), out.Type.Shape[1:].Elems())
	n := min(max(keptBytes/size/block*block, leastBlockImages), r.x.images)
	for _, stream := range []*stream{r.x, r.y} {
		if err := stream.approach(ctx, s.from+1); err != nil {
			return err
		}
	}
	t.grid = in.Type.Quant
	if t.in, err = r.x.gather(ctx, in, n); err != nil {
		return err
	}
	if t.want, err = r.y.gather(ctx, out, n); err != nil {
		return err
	}
	for i := range n {
		if !heldBack(i / block) {
			t.images = append(t.images, i)
		}
	}
	return nil
}

// heldOut is the cost of the block as it is in the quantized network, in integer
// execution, for the images that are held back.
func (r *reconstruction) heldOut(ctx context.Context, t *blockTrainer, s segment) (float64, error) {
	v := valueAt(r.pass.q, s.to)
	next, stop, err := r.x.from(v)
	if err != nil {
		return 0, err
	}
	defer stop()
	sum := 0.0
	for b := range numBlocks(t.want) {
		if !heldBack(b) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		y, err := next(b)
		if err != nil {
			return 0, err
		}
		if y.DType() == tensor.Uint8 {
			y = reals(y, v.Type.Quant)
		}
		want := blockOf(t.want, b)
		cost, _ := t.cost.of(y.Float32(), want.Float32(), want.Shape()[0])
		sum += cost
	}
	return sum, nil
}

// run trains the layers and stores them.
func (t *blockTrainer) run(ctx context.Context) error {
	if err := t.probe(); err != nil {
		return err
	}
	var params [len(blockRates)][][]float32
	for _, l := range t.layers {
		if l.trained {
			for k, p := range [len(blockRates)][]float32{l.latent, l.gain, l.bias} {
				params[k] = append(params[k], p)
			}
		}
	}
	var adam [len(blockRates)]optim.Adam
	for step := range t.cfg.Blocks.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		grads, err := t.gradients(step)
		if err != nil {
			return err
		}
		for k, rate := range blockRates {
			adam[k].Step(optim.Cosine(rate, blockWarmup, t.cfg.Blocks.Steps)(step), params[k], grads[k])
		}
		t.step()
	}
	for _, l := range t.layers {
		if l.trained {
			l.store()
		}
	}
	return nil
}

// batch draws the images of a step: those of an epoch in a random order.
func (t *blockTrainer) batch(step int) []int {
	n := min(blockBatch, len(t.images))
	epoch, at := step/(len(t.images)/n), step%(len(t.images)/n)
	rng := rand.New(rand.NewPCG(t.cfg.Seed, uint64(t.index)<<32|uint64(epoch)))
	images := make([]int, n)
	for i, j := range rng.Perm(len(t.images))[at*n : (at+1)*n] {
		images[i] = t.images[j]
	}
	return images
}
