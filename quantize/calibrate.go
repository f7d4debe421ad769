package quantize

import (
	"context"
	"fmt"
	"math"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// ActGrid is the calibrated grid of one activation value and of all values
// that must share it.
type ActGrid struct {
	Value  string // the first in execution order
	Bits   uint8
	Scale  float32
	Zero   int32
	Least  float64 // observed range
	Most   float64
	RelMSE float64 // squared rounding error relative to the square of the scale
}

// Stats is the product of Calibrate.
type Stats struct {
	Images int
	Acts   []ActGrid
}

// block is the number of images that are run together; statistics over images
// are accumulated over blocks and merged in index order (NUMERICS.md 17).
const block = 32

// Calibrate runs the real-valued network over the images ([N,C,H,W] pixels)
// twice, for the range and the distribution of every activation, and chooses
// grids by the least squared error. g must have a pixel table.
func Calibrate(ctx context.Context, g *nn.Graph, images *tensor.Tensor, cfg Config) (*Stats, error) {
	cfg = cfg.withDefaults()
	ts := ties(g)
	blocks := 2 * numBlocks(images)
	done := 0
	step := func() { done++; cfg.Progress(StageCalibrate, done, blocks) }

	least, most := make([]float64, len(ts)), make([]float64, len(ts))
	err := observe(ctx, g, ts, images, cfg.Threads, step, func(i int, data []float32) error {
		for _, x := range data {
			least[i], most[i] = min(least[i], float64(x)), max(most[i], float64(x))
		}
		if math.IsNaN(least[i]) || math.IsNaN(most[i]) || math.IsInf(least[i], 0) || math.IsInf(most[i], 0) {
			return fmt.Errorf("quantize: %s takes values that are not finite; check the weights and the preprocessing", ts[i].name())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	hs := make([]*histogram, len(ts))
	for i := range hs {
		hs[i] = newHistogram(least[i], most[i])
	}
	err = observe(ctx, g, ts, images, cfg.Threads, step, func(i int, data []float32) error {
		hs[i].add(data)
		return nil
	})
	if err != nil {
		return nil, err
	}
	st := &Stats{Images: images.Shape()[0]}
	for i, t := range ts {
		scale, zero, mse := fitActivation(hs[i].sample(), least[i], most[i], cfg.ActBits)
		st.Acts = append(st.Acts, ActGrid{t.name(), cfg.ActBits, scale, zero, least[i], most[i],
			mse / (float64(scale) * float64(scale))})
	}
	return st, nil
}

// observe calls f with the data of every source value of every tie, block
// after block, and step after each block.
func observe(ctx context.Context, g *nn.Graph, ts []tie, images *tensor.Tensor, threads int, step func(), f func(tie int, data []float32) error) error {
	index := map[string]int{}
	for i, t := range ts {
		for _, v := range t.source {
			index[v.Name] = i
		}
	}
	var failed error
	see := func(_ *nn.Node, v *nn.Value, data []float32) {
		if i, ok := index[v.Name]; ok && failed == nil {
			failed = f(i, data)
		}
	}
	p, err := infer.Compile(g, infer.Options{Batch: block, Threads: threads, Mode: infer.Float, Observe: see})
	if err != nil {
		return err
	}
	s := p.NewSession()
	defer s.Close()
	for i := range numBlocks(images) {
		if err := ctx.Err(); err != nil {
			return err
		}
		x := blockOf(images, i)
		see(nil, g.Inputs[0], pixels(x, g.Pixels))
		if _, err := s.Run(x); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		step()
	}
	return nil
}

func numBlocks(t *tensor.Tensor) int { return (t.Shape()[0] + block - 1) / block }

// blockOf is the view of block i of the leading dimension.
func blockOf(t *tensor.Tensor, i int) *tensor.Tensor {
	return t.Slice(i*block, min((i+1)*block, t.Shape()[0]))
}

// pixels turns image bytes [n,C,H,W] into real values.
func pixels(x *tensor.Tensor, table nn.PixelTable) []float32 {
	s := x.Shape()
	out := make([]float32, x.Len())
	plane := s[2] * s[3]
	for i, b := range x.Uint8() {
		out[i] = table[i/plane%s[1]][b]
	}
	return out
}

// setActGrids writes the grids of st to the values of g. It fails if st was
// made for another network.
func setActGrids(g *nn.Graph, st *Stats) error {
	ts := ties(g)
	if len(ts) != len(st.Acts) {
		return fmt.Errorf("quantize: statistics of %d activations for a network with %d; calibrate again", len(st.Acts), len(ts))
	}
	for i, t := range ts {
		a := st.Acts[i]
		if a.Value != t.name() {
			return fmt.Errorf("quantize: statistics name %s where the network has %s; calibrate again", a.Value, t.name())
		}
		q := &nn.Quant{Bits: a.Bits, Axis: -1, Scale: []float32{a.Scale}, Zero: []int32{a.Zero}}
		for _, v := range t.values {
			v.Type.DType, v.Type.Quant = tensor.Uint8, q
		}
	}
	return nil
}
