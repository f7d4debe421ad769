package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mixq/quantize"
)

// Comparison asks for metrics to be held against the measured divergence
// (quantize.Oracle) on the same images and perturbations.
type Comparison struct {
	Metrics []quantize.Metric
	Seeds   []uint64
	Images  int             // to measure on, and to round for
	Bits    []int           // bit-widths of weights to measure
	Budget  quantize.Budget // to allocate bits within by every metric
}

// MetricRow says how well a sensitivity metric ranks layers and bit-widths.
type MetricRow struct {
	Metric  quantize.Metric
	Seed    uint64
	All     float64   // Spearman's correlation with the oracle over layers and bit-widths
	Across  []float64 // across layers at one bit-width, for each of Comparison.fixed
	Excess  float64   // the oracle's sensitivity of the bits that the metric allocates, by the least possible
	Seconds float64   // wall time of the table
	CPU     float64   `json:",omitempty"` // seconds of processor time, which what else the machine does disturbs less; 0 if it is not known
}

// across is the mean of Across.
func (r MetricRow) across() float64 {
	sum := 0.0
	for _, v := range r.Across {
		sum += v
	}
	return sum / float64(len(r.Across))
}

// fixed are the bit-widths at which layers are compared: those of 2 to 4, where
// layers differ most.
func (c *Comparison) fixed() (bits []uint8) {
	for b := uint8(2); b <= 4; b++ {
		if slices.Contains(c.Bits, int(b)) {
			bits = append(bits, b)
		}
	}
	return bits
}

// validate checks that there is something to compare.
func (c *Comparison) validate() error {
	if len(c.Metrics) == 0 || c.Images < 1 || len(c.Seeds) == 0 {
		return errors.New("a comparison needs metrics, images and seeds, each at least one")
	}
	if len(c.fixed()) == 0 {
		return fmt.Errorf("a comparison of bits %v, want at least one of 2 to 4 among them", c.Bits)
	}
	if c.Budget.Kind == 0 {
		return errors.New("a comparison needs a budget, such as 8x")
	}
	_, err := c.config(c.Metrics[0], 0)
	return err
}

// config is the configuration that a table is made with.
func (c *Comparison) config(m quantize.Metric, seed uint64) (quantize.Config, error) {
	cfg, err := Run{Bits: c.Bits, Budget: c.Budget, Metric: m}.config(seed)
	cfg.SensImages = c.Images
	return cfg, err
}

// compare adds the rows of the comparison, if there is one.
func (e *executor) compare(ctx context.Context) error {
	c := e.res.Spec.Compare
	if c == nil {
		return nil
	}
	for _, seed := range c.Seeds {
		rows := e.Earlier.metrics(seed)
		if rows == nil {
			var err error
			if rows, err = e.compareSeed(ctx, c, seed); err != nil {
				return fmt.Errorf("comparison with seed %d: %w", seed, err)
			}
		}
		e.res.Metrics = append(e.res.Metrics, rows...)
		if err := e.save(); err != nil {
			return err
		}
	}
	return nil
}

// compareSeed makes a row for every metric, and one for the oracle itself.
func (e *executor) compareSeed(ctx context.Context, c *Comparison, seed uint64) (rows []MetricRow, err error) {
	data, err := e.in.Open(seed, 0)
	if err != nil {
		return nil, err
	}
	images, err := hold(data.Calib)
	if err != nil {
		return nil, err
	}
	var truth *quantize.SensTable
	var least float64
	for i, m := range append([]quantize.Metric{quantize.Oracle}, c.Metrics...) {
		row := MetricRow{Metric: m, Seed: seed}
		t, err := e.table(ctx, c, images, &row)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", m, err)
		}
		if i == 0 {
			truth = t
		}
		cost, err := planCost(ctx, t, truth, c.Budget)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", m, err)
		}
		if i == 0 {
			least = cost
		}
		row.Excess = cost / least
		row.All, row.Across = correlations(t, truth, c.fixed())
		rows = append(rows, row)
	}
	return rows, nil
}

// table measures with the metric and seed of row, and notes the time there.
func (e *executor) table(ctx context.Context, c *Comparison, images quantize.Batches, row *MetricRow) (*quantize.SensTable, error) {
	cfg, err := c.config(row.Metric, row.Seed)
	if err != nil {
		return nil, err
	}
	cfg.Threads, cfg.Progress = e.Threads, e.progress(row.Metric.String())
	job, err := quantize.Prepare(e.in.Graph, images, cfg)
	if err != nil {
		return nil, err
	}
	began, used := time.Now(), processTime()
	t, err := job.Sensitivity(ctx, nil)
	row.Seconds, row.CPU = time.Since(began).Seconds(), (processTime() - used).Seconds()
	return t, err
}

// planCost allocates bits by t and returns what truth says of them.
func planCost(ctx context.Context, t, truth *quantize.SensTable, b quantize.Budget) (float64, error) {
	plan, err := quantize.Allocate(ctx, t, quantize.Limits{Budgets: []quantize.Budget{b}})
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, l := range truth.Layers {
		sum += l.Sensitivity[slices.Index(l.Bits, plan.Layers[i].Bits)]
	}
	return sum, nil
}

// correlations are Spearman's of two tables of one network: over everything, and
// across layers at each of some bit-widths.
func correlations(a, b *quantize.SensTable, fixed []uint8) (all float64, across []float64) {
	var x, y []float64
	for i := range a.Layers {
		x, y = append(x, a.Layers[i].Sensitivity...), append(y, b.Layers[i].Sensitivity...)
	}
	for _, bits := range fixed {
		var u, v []float64
		for i, l := range a.Layers {
			j := slices.Index(l.Bits, bits)
			u, v = append(u, l.Sensitivity[j]), append(v, b.Layers[i].Sensitivity[j])
		}
		across = append(across, spearman(u, v))
	}
	return spearman(x, y), across
}
