package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"mixq/nn"
	"mixq/quantize"
)

// Input is a network with its weights and pixel table, and its data.
type Input struct {
	Graph *nn.Graph
	Data  quantize.Data
}

// Result is the outcome of a Spec.
type Result struct {
	Spec Spec
	Env  Env
	Rows []Row

	Metrics []MetricRow `json:",omitempty"` // of Spec.Compare
}

// Row is the outcome of one Run.
type Row struct {
	Run      string
	Artifact string // SHA-256 of the written file
	Report   quantize.Report
}

// Options are what does not change a Result, except its seconds.
type Options struct {
	Threads  int
	Progress func(run string, stage quantize.Stage, done, total int) // may be nil
}

// progress reports the stages of a run of the given name; nil if nobody asks.
func (o Options) progress(run string) func(quantize.Stage, int, int) {
	if o.Progress == nil {
		return nil
	}
	return func(st quantize.Stage, done, total int) { o.Progress(run, st, done, total) }
}

// Execute performs the runs of s in order, then its comparison.
func Execute(ctx context.Context, s *Spec, in Input, o Options) (*Result, error) {
	dir, err := os.MkdirTemp("", "mixq-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	res := &Result{Spec: *s, Env: Here()}
	for i, r := range s.Runs {
		row, err := execute(ctx, s, r, in, o, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return nil, fmt.Errorf("bench: %s: %s: %w", s.Name, r.Name, err)
		}
		res.Rows = append(res.Rows, *row)
	}
	if s.Compare != nil {
		if res.Metrics, err = s.Compare.compare(ctx, s, in, o); err != nil {
			return nil, fmt.Errorf("bench: %s: %w", s.Name, err)
		}
	}
	return res, nil
}

func execute(ctx context.Context, s *Spec, r Run, in Input, o Options, out string) (*Row, error) {
	cfg, err := r.config(s.Seed)
	if err != nil {
		return nil, err
	}
	cfg.Threads = o.Threads
	cfg.Progress = o.progress(r.Name)
	report, err := quantize.Run(ctx, in.Graph, in.Data, cfg, out)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return &Row{Run: r.Name, Artifact: hex.EncodeToString(sum[:]), Report: *report}, nil
}
