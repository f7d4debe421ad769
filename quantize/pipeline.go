package quantize

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"mixq/nn"
)

// Run quantizes the trained network g, whose parameters are bound and whose
// pixel table is set, writes the result to the file out and measures it. It is
// the steps of this package in order and nothing else. The file appears when
// it has been verified; after an error there is none.
func Run(ctx context.Context, g *nn.Graph, data Data, cfg Config, out string) (*Report, error) {
	var (
		start = time.Now()
		r     = &Report{Model: g.Name}
		t     = &r.Seconds
		stats *Stats
		sens  *SensTable
		plan  *Plan
		q     *nn.Graph
		part  = out + ".part"
	)
	defer os.Remove(part)
	j, err := Prepare(g, data.Calib, cfg)
	if err != nil {
		return nil, err
	}
	steps := []struct {
		seconds *float64
		run     func() error
	}{
		{&t.Equalize, func() error { return j.Equalize(ctx) }},
		{&t.Calibrate, func() (err error) { stats, err = j.Calibrate(ctx); return err }},
		{&t.Sensitivity, func() (err error) { sens, err = j.Sensitivity(ctx, stats); return err }},
		{&t.Search, func() (err error) {
			if cfg.MaxDrop == 0 {
				return nil
			}
			if r.Search, err = j.Search(ctx, sens, stats, data.Valid, part); err == nil {
				j.Config.Limits = cfg.Limits.with(r.Search.Budget)
			}
			return err
		}},
		{&t.Allocate, func() (err error) { plan, err = j.Allocate(ctx, sens); return err }},
		{&t.Round, func() (err error) { q, err = j.Round(ctx, plan, stats); return err }},
		{&t.Tune, func() error {
			if data.Tune == nil {
				return nil
			}
			return j.Tune(ctx, q, data.Tune)
		}},
		{&t.Pack, func() (err error) { r.FileBytes, err = Pack(part, q, j.meta); return err }},
		{&t.Verify, func() error { return Verify(ctx, part, j.Float, j.Graph, q, data.Eval, j.Config, r) }},
	}
	for _, s := range steps {
		began := time.Now()
		if err := s.run(); err != nil {
			return nil, err
		}
		*s.seconds = time.Since(began).Seconds()
	}
	r.sizes(q, plan)
	r.Equalized, r.ReestimatedBN = j.equalized, cfg.ReestimateBN
	if err := os.Rename(part, out); err != nil {
		return nil, err
	}
	t.Total = time.Since(start).Seconds()
	if cfg.WorkDir != "" {
		err = SaveJSON(filepath.Join(cfg.WorkDir, "report.json"), r)
	}
	return r, err
}
