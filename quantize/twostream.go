package quantize

import (
	"context"
	"fmt"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// twoStream is a pass of Round over a network.
type twoStream struct {
	g, q       *nn.Graph
	lc         []LayerConfig
	plan       *Plan
	cfg        Config
	segments   []segment
	layers     []layer        // of g
	targets    []layer        // of q
	curvatures curvaturesFunc // of layers
	x, y       *stream        // of q and g
	scratch    momentScratch
	done       int // layers and training steps
}

func newTwoStream(g, q *nn.Graph, lc []LayerConfig, plan *Plan, images *tensor.Tensor, curvatures curvaturesFunc, cfg Config) *twoStream {
	return &twoStream{
		g: g, q: q, lc: lc, plan: plan, cfg: cfg,
		segments:   segments(g, lc),
		layers:     weighted(g),
		targets:    weighted(q),
		curvatures: curvatures,
		x:          newStream(q, infer.Integer, images, cfg.Threads),
		y:          newStream(g, infer.Float, images, cfg.Threads),
	}
}

// round rounds the layers of s.
func (p *twoStream) round(ctx context.Context, s segment) error {
	for i := s.lo; i < s.hi; i++ {
		if err := p.layer(ctx, i); err != nil {
			return err
		}
		p.step()
	}
	return nil
}

func (p *twoStream) layer(ctx context.Context, i int) error {
	l, target := p.layers[i], p.targets[i]
	bits, err := p.plan.bits(l.node.Name)
	if err != nil {
		return err
	}
	cs, err := p.curvatures(ctx)
	if err != nil {
		return err
	}
	ms, err := layerMoments(ctx, l, newPatches(l, i, p.cfg.Positions, p.cfg.Seed), p.x, p.y, p.cfg.Threads, &p.scratch)
	if err != nil {
		return err
	}
	r, err := roundLayer(l, target.X.Type.Quant.Scale[0], bits, p.lc[i].Rounding, ms, cs[i], p.cfg.Threads)
	if err != nil {
		return fmt.Errorf("quantize: %s: %w", l.node.Name, err)
	}
	r.store(target)
	return nil
}

// work is the number of layers and training steps of s.
func (p *twoStream) work(s segment) int {
	n := s.hi - s.lo
	if s.trained {
		n += p.cfg.Blocks.Steps
	}
	return n
}

// step reports one layer or training step more.
func (p *twoStream) step() { p.report(p.done + 1) }

// finish reports all of s, which may have been taken up from the work directory.
func (p *twoStream) finish(s segment) {
	done := 0
	for _, o := range p.segments {
		if o.from <= s.from {
			done += p.work(o)
		}
	}
	if done > p.done {
		p.report(done)
	}
}

func (p *twoStream) report(done int) {
	p.done = done
	total := 0
	for _, s := range p.segments {
		total += p.work(s)
	}
	p.cfg.Progress(StageRound, done, total)
}
