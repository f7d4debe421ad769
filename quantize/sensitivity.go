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
	Memory   int64  // bytes of the activations of one image, likewise
	Works    []Work // parts of a run, for Allocate with a latency table, likewise
	Layers   []LayerSens
	Acts     []ActSens // in execution order
	Pairs    *Pairs    `json:",omitempty"` // nil unless the metric measures interactions
}

// LayerSens holds the sensitivity of one layer at each candidate bit-width. By
// the default metric it is twice the estimated KL divergence between the float
// network's output and that of the network with only this layer quantized; by
// others, a figure that is meant to grow with it.
type LayerSens struct {
	Layer       string
	Input       string // the activation that it reads, as ActSens names it
	Weights     int64  // number of weights
	Channels    int64  // output channels
	MACs        int64  // multiply-accumulates of one image
	Bits        []uint8
	Sensitivity []float64
}

// ActSens holds the sensitivity of one activation, with all values that share
// its grid, at each candidate bit-width, in the same unit.
type ActSens struct {
	Value       string // the first of them in execution order
	Bits        []uint8
	Sensitivity []float64 `json:",omitempty"` // nil if there is nothing to choose
}

// Sensitivity estimates how much each layer suffers at each bit-width, by
// Config.Metric, from the perturbation of weights and bias that rounding the
// layer really makes, and how much activations suffer of which the bit-width is
// to be chosen, from rounding them to the grids of st; st may be nil if there are
// none. labels are those of the images, read only by metrics that want them.
//
// Where a layer has fewer patches than inputs, as the classifier of a large
// network has, the images that are rounded for are not those that are measured
// on: rounding makes such a layer right on its own images whatever the
// bit-width, and only others show what it costs.
func Sensitivity(ctx context.Context, g *nn.Graph, set Settings, st *Stats, images *tensor.Tensor, labels []int, cfg Config) (*SensTable, error) {
	cfg = cfg.withDefaults()
	measure := &measures[cfg.Metric]
	if err := set.check(cfg.Metric); err != nil {
		return nil, err
	}
	acts, err := roundings(g, set.Acts, st)
	if err != nil {
		return nil, err
	}
	cfg.SensDraws = orDefault(cfg.SensDraws, defaultDraws(g))
	if !measure.draws {
		cfg.SensDraws = 1
	}
	fitted, s := sensSample(g, imageSet{images, labels}, cfg)
	if err := s.check(g, cfg.Metric); err != nil {
		return nil, err
	}
	ls := weighted(g)
	done, total := 0, len(ls)+measure.steps(ls, set.Layers, s)
	step := func() { done++; cfg.Progress(StageSensitivity, done, total) }
	cands, err := perturbations(ctx, g, set.Layers, fitted, cfg, step)
	if err != nil {
		return nil, err
	}
	e := experiment{g: g, layers: ls, cands: cands, acts: acts, imageSet: s, cfg: cfg, step: step}
	values, pairs, err := measure.measure(ctx, e)
	if err != nil {
		return nil, err
	}
	t := describe(g, set)
	t.Metric, t.Images, t.Draws, t.Pairs = cfg.Metric, s.len(), cfg.SensDraws, pairs
	for i := range t.Layers {
		t.Layers[i].Sensitivity = values[i]
	}
	for i, a := range acts {
		t.Acts[a.index].Sensitivity = values[len(ls)+i]
	}
	return t, nil
}

// experiment is what a metric works on.
type experiment struct {
	g      *nn.Graph
	layers []layer
	cands  [][]candidate // by layer and bit-width
	acts   []actRounding // of activations; only some metrics look at them
	imageSet
	cfg  Config
	step func() // to be called as often as the metric said
}

// zeros has a row for every layer, then one for every activation, of a number for
// each bit-width.
func (e *experiment) zeros() [][]float64 {
	var z [][]float64
	for _, c := range e.cands {
		z = append(z, make([]float64, len(c)))
	}
	for _, a := range e.acts {
		z = append(z, make([]float64, len(a.grids)))
	}
	return z
}

// each gives f every candidate of every layer and collects what it returns.
func (e *experiment) each(f func(layer int, c *candidate) (float64, error)) ([][]float64, error) {
	out := e.zeros()
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
		same := s.spread(most)
		return same.images, same
	}
	return s.slice(n/2, n).spread(most).images, s.slice(0, n/2).spread(most)
}

// describe is the table of g without sensitivities.
func describe(g *nn.Graph, set Settings) *SensTable {
	t := &SensTable{}
	for i, l := range weighted(g) {
		s, c := l.Weight.Type.Shape, set.Layers[i]
		t.Layers = append(t.Layers, LayerSens{Layer: c.Layer, Input: c.Input, Weights: int64(s.Elems()), Channels: int64(s[0]), MACs: l.node.MACs(), Bits: c.Bits})
	}
	for _, a := range set.Acts {
		t.Acts = append(t.Acts, ActSens{Value: a.Value, Bits: a.Bits})
	}
	return t
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
