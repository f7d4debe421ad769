package quantize

import (
	"context"
	"fmt"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// Blocks are the settings of block reconstruction.
type Blocks struct {
	Steps int     // of training, for each block; 0 means DefaultBlockSteps
	Drop  float64 // part of the activations that training leaves unrounded (QDrop, Wei et al. 2022)
}

// DefaultBlockSteps is what Blocks.Steps of 0 stands for. More steps bring next to
// nothing (docs/METHOD.md 4).
const DefaultBlockSteps = 300

func (b Blocks) validate() error {
	if b.Steps < 0 || b.Steps > 1<<20 || !(b.Drop >= 0 && b.Drop < 1) {
		return fmt.Errorf("quantize: block reconstruction of %d steps that drops a part of %v; want 0 to %d steps, and 0 or more but less than 1", b.Steps, b.Drop, 1<<20)
	}
	return nil
}

// blockLayers is the least number of layers in a block but for the last. Fewer see
// too little of what becomes of their errors; more take longer and gain little. A
// block ends as soon as it may, before pooling above all: many outputs tell more
// about codes than the few of a classifier, by which a block is overfitted.
const blockLayers = 3

// maxBlockChannels bounds the channels at the end of a block, since the weights
// of errors between any two of them are kept.
const maxBlockChannels = 4096

// segment is a part of a network between two cuts: all that nodes behind it need
// of it and of what is before it is its last output.
type segment struct {
	from, to int  // its nodes are those after from, which is -1 for the input, up to to
	lo, hi   int  // its layers, of those with weights
	trained  bool // is a block to be reconstructed
}

// segments are the blocks of g where the rounding of a layer asks for them, and
// all of g where none does.
func segments(g *nn.Graph, lc []LayerConfig) []segment {
	last := len(g.Nodes) - 1
	if !reconstructs(lc) {
		return []segment{{from: -1, to: last, hi: len(lc)}}
	}
	var out []segment
	s := segment{from: -1}
	for i, n := range g.Nodes {
		if _, ok := n.Operands(); ok {
			s.hi++
		}
		if i == last || s.hi-s.lo >= blockLayers && endsBlock(g, i) {
			s.to = i
			out, s = append(out, s), segment{from: i, lo: s.hi, hi: s.hi}
		}
	}
	for i, s := range out {
		out[i].trained = reconstructs(lc[s.lo:s.hi]) && g.Nodes[s.to].Out[0].Type.Shape[1] <= maxBlockChannels
	}
	return out
}

func endsBlock(g *nn.Graph, i int) bool {
	return g.Nodes[i].Out[0].Type.Shape[1] <= maxBlockChannels && isCut(g, i)
}

// reconstructs reports whether a layer's rounding asks for its block to be trained.
func reconstructs(lc []LayerConfig) bool {
	for _, c := range lc {
		if rounders[c.Rounding].blocks {
			return true
		}
	}
	return false
}

// reconstruction goes from block to block: it rounds the layers of a block one by
// one and then trains them together, so that the output of the block comes closer
// to that of the float network, in what its errors cost at the end (BRECQ, Li et
// al. 2021). It trains on images made of those for calibration.
type reconstruction struct {
	pass   *twoStream
	x, y   *stream // of these images
	inputs string  // hash of all that the result depends on
}

// newReconstruction makes the images. key identifies what is rounded.
func newReconstruction(p *twoStream, images *tensor.Tensor, key string) *reconstruction {
	made := augment(images, blockImages(p.cfg.Blocks.Steps), p.cfg.Seed)
	return &reconstruction{
		pass:   p,
		x:      newStream(p.q, infer.Integer, made, p.cfg.Threads),
		y:      newStream(p.g, infer.Float, made, p.cfg.Threads),
		inputs: key,
	}
}

// segment rounds segment i, or takes it up from the work directory.
func (r *reconstruction) segment(ctx context.Context, i int, s segment) error {
	name := fmt.Sprintf("block-%02d", i)
	layers := r.pass.targets[s.lo:s.hi]
	state, err := product(r.pass.cfg.WorkDir, name, r.inputs, func() (*blockState, error) {
		if err := r.round(ctx, s); err != nil {
			return nil, err
		}
		if s.trained {
			if err := r.train(ctx, i, s); err != nil {
				return nil, err
			}
		}
		return newBlockState(layers), nil
	})
	if err != nil {
		return err
	}
	if err := state.restore(layers); err != nil {
		return fmt.Errorf("quantize: %s.json in the work directory: %w; delete it", name, err)
	}
	return nil
}

// round rounds the layers of s. The quantized stream stays before them, since
// what it would keep inside the block changes when the block is trained.
func (r *reconstruction) round(ctx context.Context, s segment) error {
	p := r.pass
	if err := p.x.approach(ctx, s.from+1); err != nil {
		return err
	}
	before := p.x
	p.x = before.clone()
	defer func() { p.x = before }()
	return p.round(ctx, s)
}

// train trains block i, which stays as it is unless its output comes closer for
// images that it was not trained on.
func (r *reconstruction) train(ctx context.Context, i int, s segment) error {
	t, err := r.trainer(ctx, i, s)
	if err != nil {
		return err
	}
	layers := r.pass.targets[s.lo:s.hi]
	untrained := newBlockState(layers)
	before, err := r.heldOut(ctx, t, s)
	if err != nil {
		return err
	}
	if err := t.run(ctx); err != nil {
		return err
	}
	after, err := r.heldOut(ctx, t, s)
	if err != nil || after < before {
		return err
	}
	return untrained.restore(layers)
}
