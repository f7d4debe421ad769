package quantize

import (
	"context"
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// SensTable is the product of Sensitivity.
type SensTable struct {
	Metric   Metric
	Images   int // measured on
	Draws    int
	Overhead int64  // bytes of a file besides weights, for Allocate; set by Job.Sensitivity
	Works    []Work // parts of a run, for Allocate with a latency table; set by Job.Sensitivity
	Layers   []LayerSens
}

// LayerSens holds the sensitivity of one layer at each candidate bit-width. By
// the default metric it is twice the estimated KL divergence between the float
// network's output and that of the network with only this layer quantized; by
// others, a figure that is meant to grow with it.
type LayerSens struct {
	Layer       string
	Weights     int64 // number of weights
	Channels    int64 // output channels
	Bits        []uint8
	Sensitivity []float64
}

// Sensitivity estimates how much each layer suffers at each bit-width, by
// Config.Metric, from the perturbation of weights and bias that rounding the
// layer really makes. labels are those of the images, read only by metrics that
// want them.
//
// Where a layer has fewer patches than inputs, as the classifier of a large
// network has, the images that are rounded for are not those that are measured
// on: rounding makes such a layer right on its own images whatever the
// bit-width, and only others show what it costs.
func Sensitivity(ctx context.Context, g *nn.Graph, lc []LayerConfig, images *tensor.Tensor, labels []int, cfg Config) (*SensTable, error) {
	cfg = cfg.withDefaults()
	measure := measures[cfg.Metric]
	cfg.SensDraws = orDefault(cfg.SensDraws, defaultDraws(g))
	if !measure.draws {
		cfg.SensDraws = 1
	}
	fitted, s := sensSample(g, imageSet{images, labels}, cfg)
	if err := s.check(g, cfg.Metric); err != nil {
		return nil, err
	}
	ls := weighted(g)
	done, total := 0, len(ls)+measure.steps(ls, lc, s)
	step := func() { done++; cfg.Progress(StageSensitivity, done, total) }
	cands, err := perturbations(ctx, g, lc, fitted, cfg, step)
	if err != nil {
		return nil, err
	}
	e := experiment{g: g, layers: ls, cands: cands, imageSet: s, cfg: cfg, step: step}
	values, err := measure.run(ctx, e)
	if err != nil {
		return nil, err
	}
	t := &SensTable{Metric: cfg.Metric, Images: s.len(), Draws: cfg.SensDraws, Layers: layerSizes(g, lc)}
	for i := range t.Layers {
		t.Layers[i].Sensitivity = values[i]
	}
	return t, nil
}

// experiment is what a metric works on.
type experiment struct {
	g      *nn.Graph
	layers []layer
	cands  [][]candidate // by layer and bit-width
	imageSet
	cfg  Config
	step func() // to be called as often as the metric said
}

// each gives f every candidate of every layer and collects what it returns.
func (e *experiment) each(f func(layer int, c *candidate) (float64, error)) ([][]float64, error) {
	out := zerosLike(e.cands)
	for i := range e.cands {
		for j := range e.cands[i] {
			var err error
			if out[i][j], err = f(i, &e.cands[i][j]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// sensSample chooses the images to round for and those to measure on, no more
// than Config.SensImages of either: the same, or two halves if a layer is scarce
// of patches.
func sensSample(g *nn.Graph, s imageSet, cfg Config) (fitted *tensor.Tensor, measured imageSet) {
	n := s.len()
	most := min(n, cfg.SensImages)
	if n == 1 || !slices.ContainsFunc(weighted(g), func(l layer) bool {
		p := newPatches(l, 0, cfg.Positions, cfg.Seed)
		return most*p.rows < p.k
	}) {
		same := s.slice(0, most)
		return same.images, same
	}
	k := min(most, n/2)
	return s.images.Slice(k, min(n, k+most)), s.slice(0, k)
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

func scale(x [][]float64, by float64) {
	for _, row := range x {
		for j := range row {
			row[j] *= by
		}
	}
}
