package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"mixq/quantize"
)

// MetricRow says how well a sensitivity metric ranks layers and bit-widths, as
// the median over the seeds of a Comparison.
type MetricRow struct {
	Metric  quantize.Metric
	All     float64 // Spearman's correlation with the oracle over layers and bit-widths
	Layers  float64 // across layers at one bit-width, the mean over 2, 3 and 4 bits
	Seconds float64 // wall time of the table
}

// Comparison asks for metrics to be held against the measured divergence
// (quantize.Oracle).
type Comparison struct {
	Metrics []quantize.Metric
	Images  int // to measure on
	Seeds   int // repetitions with other patches and draws
}

// fixedBits are the bit-widths at which layers are compared.
var fixedBits = []uint8{2, 3, 4}

// compare makes a row for every metric.
func (c *Comparison) compare(ctx context.Context, s *Spec, in Input, o Options) ([]MetricRow, error) {
	tables := make([][]MetricRow, len(c.Metrics)) // by metric and seed
	for seed := range uint64(c.Seeds) {
		oracle, _, err := c.table(ctx, s, in, o, quantize.Oracle, s.Seed+seed)
		if err != nil {
			return nil, err
		}
		for i, m := range c.Metrics {
			t, seconds, err := c.table(ctx, s, in, o, m, s.Seed+seed)
			if err != nil {
				return nil, err
			}
			all, layers := agreement(t, oracle)
			tables[i] = append(tables[i], MetricRow{m, all, layers, seconds})
		}
	}
	var rows []MetricRow
	for _, t := range tables {
		rows = append(rows, MetricRow{Metric: t[0].Metric,
			All:     median(t, func(r MetricRow) float64 { return r.All }),
			Layers:  median(t, func(r MetricRow) float64 { return r.Layers }),
			Seconds: median(t, func(r MetricRow) float64 { return r.Seconds })})
	}
	return rows, nil
}

// table measures all bit-widths with one metric.
func (c *Comparison) table(ctx context.Context, s *Spec, in Input, o Options, m quantize.Metric, seed uint64) (*quantize.SensTable, float64, error) {
	cfg := quantize.Config{Bits: []uint8{2, 3, 4, 5, 6, 7, 8}, Metric: m, SensImages: c.Images, Seed: seed, Threads: o.Threads,
		Progress: o.progress(m.String())}
	job, err := quantize.Prepare(in.Graph, in.Data.Calib, cfg)
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	t, err := job.Sensitivity(ctx, nil)
	return t, time.Since(began).Seconds(), err
}

// agreement is Spearman's correlation of two tables of one network over
// everything, and its mean over fixedBits across layers.
func agreement(a, b *quantize.SensTable) (all, layers float64) {
	var x, y []float64
	for i := range a.Layers {
		x, y = append(x, a.Layers[i].Sensitivity...), append(y, b.Layers[i].Sensitivity...)
	}
	for _, bits := range fixedBits {
		var u, v []float64
		for i, l := range a.Layers {
			j := slices.Index(l.Bits, bits)
			u, v = append(u, l.Sensitivity[j]), append(v, b.Layers[i].Sensitivity[j])
		}
		layers += spearman(u, v) / float64(len(fixedBits))
	}
	return spearman(x, y), layers
}

// spearman is the rank correlation of x and y.
func spearman(x, y []float64) float64 { return stat.Correlation(ranks(x), ranks(y), nil) }

// ranks gives equal values the mean of their ranks.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for lo := 0; lo < len(order); {
		hi := lo
		for hi < len(order) && x[order[hi]] == x[order[lo]] {
			hi++
		}
		for _, i := range order[lo:hi] {
			r[i] = float64(lo+hi-1) / 2
		}
		lo = hi
	}
	return r
}

func median(rows []MetricRow, value func(MetricRow) float64) float64 {
	v := make([]float64, len(rows))
	for i, r := range rows {
		v[i] = value(r)
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// validate checks that there is something to compare.
func (c *Comparison) validate() error {
	if len(c.Metrics) == 0 || c.Images < 1 || c.Seeds < 1 {
		return fmt.Errorf("a comparison needs metrics, images and seeds, each at least one")
	}
	return nil
}
