package quantize

import (
	"context"
	"fmt"
	"math"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// ActGrid is the calibrated grid of an activation at one bit-width.
type ActGrid struct {
	Bits   uint8
	Scale  float32
	Zero   int32
	RelMSE float64 // squared rounding error relative to the square of the scale
}

// ActStats is what was observed of one activation value and of all values that
// share its grid.
type ActStats struct {
	Value       string    // the first of them in execution order
	Least, Most float64   // observed range
	Grids       []ActGrid // one for each candidate, in ascending order of bits
}

// Stats is the product of Calibrate.
type Stats struct {
	Images int
	Acts   []ActStats
}

// grid is that of an activation at some bit-width.
func (st *Stats) grid(value string, bits uint8) (*nn.Quant, error) {
	for _, a := range st.Acts {
		for _, g := range a.Grids {
			if a.Value == value && g.Bits == bits {
				return &nn.Quant{Bits: bits, Axis: -1, Scale: []float32{g.Scale}, Zero: []int32{g.Zero}}, nil
			}
		}
	}
	return nil, fmt.Errorf("quantize: the statistics have no grid of %d bits for %s; calibrate again", bits, value)
}

// block is the number of images that are run together; statistics over images
// are accumulated over blocks and merged in index order (NUMERICS.md 17).
const block = 32

// rangeImages is the number of images of which the distribution of activations is
// taken. A grid has two numbers to be fitted, a layer's weights far more.
const rangeImages = 512

// Calibrate runs the real-valued network twice over images ([N,C,H,W] pixels), all
// of those given or rangeImages from all over them, for the range and the
// distribution of every activation, and chooses grids for all their candidates by
// the least squared error. g must have a pixel table.
func Calibrate(ctx context.Context, g *nn.Graph, acts []ActConfig, images *tensor.Tensor, cfg Config) (*Stats, error) {
	cfg = cfg.withDefaults()
	ts := groups(g)
	images = imageSet{images: images}.spread(rangeImages).images
	blocks := 2 * numBlocks(images)
	done := 0
	step := func() { done++; cfg.Progress(StageCalibrate, done, blocks) }

	least, most := make([]float64, len(ts)), make([]float64, len(ts))
	err := observe(ctx, g, ts, images, cfg.Threads, step, func(i int, data []float32) error {
		least[i], most[i] = extremes(data, least[i], most[i], cfg.Threads)
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
		hs[i] = newHistogram(least[i], most[i], cfg.Threads)
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
		a := ActStats{Value: t.name(), Least: least[i], Most: most[i]}
		for _, b := range acts[i].Bits {
			scale, zero, mse := fitActivation(hs[i].sample(), least[i], most[i], b)
			a.Grids = append(a.Grids, ActGrid{b, scale, zero, mse / (float64(scale) * float64(scale))})
		}
		st.Acts = append(st.Acts, a)
	}
	return st, nil
}

// observe calls f with the data of every source value of every group, block
// after block, and step after each block.
func observe(ctx context.Context, g *nn.Graph, ts []group, images *tensor.Tensor, threads int, step func(), f func(group int, data []float32) error) error {
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

// setActGrids writes the grids that grid gives to the values of g.
func setActGrids(g *nn.Graph, grid func(value string) (*nn.Quant, error)) error {
	for _, t := range groups(g) {
		q, err := grid(t.name())
		if err != nil {
			return err
		}
		for _, v := range t.values {
			v.Type.DType, v.Type.Quant = tensor.Uint8, q
		}
	}
	return nil
}
