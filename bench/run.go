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
	// Open chooses images by a seed: those of Spec.Images and, if it is not 0,
	// tune others to tune on. What its Calib yields belongs to the reader.
	Open func(seed uint64, tune int) (quantize.Data, error)
}

// Result is the outcome of a Spec.
type Result struct {
	Spec Spec
	Env  Env
	Rows []Row `json:",omitempty"` // of the runs, for one seed after the other

	Metrics []MetricRow `json:",omitempty"` // of Spec.Compare, likewise
}

// Row is the outcome of one Run with one seed.
type Row struct {
	Run      string
	Seed     uint64
	Artifact string // SHA-256 of the written file
	Report   quantize.Report
}

// Options are what does not change a Result, except its seconds.
type Options struct {
	Threads  int
	Progress func(run string, stage quantize.Stage, done, total int) // may be nil
	Save     func(*Result) error                                     // called whenever there is more of the result; may be nil
	Earlier  *Result                                                 // what it has of the same program and settings is not made again; may be nil
}

// executor is an execution under way.
type executor struct {
	Options
	in   Input
	res  *Result
	dir  string               // for what is thrown away
	work map[string]*products // by what they depend on
}

// Execute performs the runs of s in order, with one seed after the other, then
// its comparison.
func Execute(ctx context.Context, s *Spec, in Input, o Options) (*Result, error) {
	dir, err := os.MkdirTemp("", "mixq-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	res := &Result{Spec: *s, Env: Here()}
	e := executor{Options: o, in: in, res: res, dir: dir, work: map[string]*products{}}
	if e.Earlier, err = o.Earlier.usable(s, res.Env); err != nil {
		return nil, err
	}
	runs := s.runs()
	for _, seed := range s.Seeds {
		for _, r := range runs {
			if err := e.run(ctx, r, seed); err != nil {
				return nil, fmt.Errorf("bench: %s: %s with seed %d: %w", s.Name, r.Name, seed, err)
			}
		}
	}
	if err := e.compare(ctx); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", s.Name, err)
	}
	return res, nil
}

// run adds the row of a run with a seed.
func (e *executor) run(ctx context.Context, r Run, seed uint64) error {
	row := e.Earlier.row(r, seed)
	if row == nil {
		var err error
		if row, err = e.quantize(ctx, r, seed); err != nil {
			return err
		}
	}
	e.res.Rows = append(e.res.Rows, *row)
	return e.save()
}

func (e *executor) save() error {
	if e.Save == nil {
		return nil
	}
	return e.Save(e.res)
}

// progress reports the stages of a run of the given name; nil if nobody asks.
func (e *executor) progress(run string) func(quantize.Stage, int, int) {
	if e.Progress == nil {
		return nil
	}
	return func(st quantize.Stage, done, total int) { e.Progress(run, st, done, total) }
}

func (e *executor) quantize(ctx context.Context, r Run, seed uint64) (*Row, error) {
	cfg, err := r.config(seed)
	if err != nil {
		return nil, err
	}
	data, err := e.in.Open(seed, r.Tune)
	if err != nil {
		return nil, err
	}
	p, err := e.products(r, seed)
	if err != nil {
		return nil, err
	}
	cfg.Threads, cfg.WorkDir, cfg.Progress = e.Threads, p.dir, e.progress(r.Name)
	out := filepath.Join(e.dir, "network.mixq")
	report, err := quantize.Run(ctx, e.in.Graph, data, cfg, out)
	if err != nil {
		return nil, err
	}
	p.charge(&report.Seconds)
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return &Row{Run: r.Name, Seed: seed, Artifact: hex.EncodeToString(sum[:]), Report: brief(*report, r)}, nil
}

// brief is a report without what would make results of large networks long, and
// repeats what the run says or is of no use for comparing runs.
func brief(report quantize.Report, r Run) quantize.Report {
	report.SQNR = nil
	if len(r.ActBits) == 0 {
		report.InputBits, report.ActBits = nil, nil
	}
	return report
}
