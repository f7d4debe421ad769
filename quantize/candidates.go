package quantize

import (
	"context"
	"fmt"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// candidate is the perturbation that one bit-width would cause in a layer: the
// change of its weights and of its bias, which corrects the mean output.
type candidate struct {
	bits   uint8
	weight []float32 // dW = deq(W) − W
	bias   []float64 // db = −dW·E[x]
}

// perturbations rounds every layer at every candidate bit-width from the float
// stream alone, in one pass over the network.
func perturbations(ctx context.Context, g *nn.Graph, lc []LayerConfig, images *tensor.Tensor, cfg Config, step func()) ([][]candidate, error) {
	s := newStream(g, infer.Float, images, cfg.Threads)
	var scratch momentScratch
	var out [][]candidate
	for i, l := range weighted(g) {
		p := newPatches(l, i, cfg.Positions, cfg.Seed)
		ms, err := layerMoments(ctx, l, p, s, nil, cfg.Threads, &scratch)
		if err != nil {
			return nil, err
		}
		cs, err := roundAll(l, lc[i], ms, cfg.Threads)
		if err != nil {
			return nil, fmt.Errorf("quantize: %s: %w", l.node.Name, err)
		}
		out = append(out, cs)
		step()
	}
	return out, nil
}

// layerMoments visits layer l in stream x, and in stream y unless it is nil,
// and accumulates the moments of its input patches, one for each group.
func layerMoments(ctx context.Context, l layer, p patches, x, y *stream, threads int, scratch *momentScratch) ([]*moments, error) {
	ms := make([]*moments, p.groups)
	for g := range ms {
		ms[g] = newMoments(p.k, y != nil)
	}
	at := nodeIndex(x.g, l.node.Name)
	nextX, stop, err := x.visit(ctx, at)
	if err != nil {
		return nil, err
	}
	defer stop()
	nextY := func(int) (*tensor.Tensor, error) { return nil, nil }
	if y != nil {
		var stopY func()
		if nextY, stopY, err = y.visit(ctx, at); err != nil {
			return nil, err
		}
		defer stopY()
	}
	grid := x.g.Nodes[at].In[0].Type.Quant
	var mx, my patchMatrix
	for b := range x.data {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tx, err := nextX(b)
		if err != nil {
			return nil, err
		}
		ty, err := nextY(b)
		if err != nil {
			return nil, err
		}
		rows := p.gather(&mx, tx, grid, b, threads)
		if ty != nil {
			p.gather(&my, ty, nil, b, threads)
		}
		accumulate(ms, mx.real, my.real, rows, threads, scratch)
	}
	return ms, nil
}

func nodeIndex(g *nn.Graph, name string) int {
	for i, n := range g.Nodes {
		if n.Name == name {
			return i
		}
	}
	return -1
}

// roundAll makes the candidates of one layer.
func roundAll(l layer, lc LayerConfig, ms []*moments, threads int) ([]candidate, error) {
	w := l.Weight.Data.Float32()
	k, channels := ms[0].k, l.Weight.Type.Shape[0]
	how := rounders[lc.Rounding]
	rounders := make([]rowRounder, len(ms))
	err := eachGroup(threads, len(ms), func(g, threads int) (err error) {
		var f *gramFactor
		if how.gram {
			f, _, err = ms[g].factor(ms[g].covariance(), dampingOfRounding, threads)
		}
		if err == nil {
			rounders[g] = how.perturb(f)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var cs []candidate
	for _, bits := range lc.Bits {
		c := candidate{bits: bits, weight: make([]float32, len(w)), bias: make([]float64, channels)}
		eachChunk(threads, len(ms), channels/len(ms), func(g, lo, hi int) {
			rows := widen(w[lo*k : hi*k])
			codes, grids := make([]int8, len(rows)), make([]grid, hi-lo)
			roundRows(codes, grids, rows, bits, rounders[g])
			mean, _ := ms[g].means()
			for i, q := range codes {
				d := grids[i/k].real(int32(q)) - rows[i]
				c.weight[lo*k+i] = float32(d)
				if how.correct {
					c.bias[lo+i/k] -= float64(d * mean[i%k])
				}
			}
		})
		cs = append(cs, c)
	}
	return cs, nil
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
