package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/pflag"

	"mixq/bench"
	"mixq/internal/isa"
	"mixq/nn"
	"mixq/quantize"
)

// latency is where a latency table comes from, as flags name it.
type latency struct {
	path    string
	level   string
	threads int
}

// addTable adds the flags of the table.
func (l *latency) addTable(f *pflag.FlagSet) {
	f.StringVar(&l.path, "latency-table", "", "`FILE`.json of mixq bench kernels")
	f.StringVar(&l.level, "latency-isa", isa.Current().String(), "instruction set `LEVEL` that the table must be of")
	f.IntVar(&l.threads, "latency-threads", 1, "threads that the table must be of")
}

// read reads a table and checks that it is of the right kind.
func (l *latency) read(path string) (*quantize.LatencyTable, error) {
	t, err := quantize.ReadLatencyTable(path)
	if err == nil {
		err = t.Check(l.level, l.threads)
	}
	if err != nil {
		return nil, fmt.Errorf("--latency-table %s: %w", path, err)
	}
	return t, nil
}

// measure makes the table for g here. It is kept in the folder work, unless
// that is empty, and taken up again.
func (l *latency) measure(ctx context.Context, bar *progress, g *nn.Graph, work string) (*quantize.LatencyTable, error) {
	if l.level != isa.Current().String() {
		return nil, fmt.Errorf("--latency-isa %s: this is level %v; measure the table where that level is and give it as --latency-table", l.level, isa.Current())
	}
	path := filepath.Join(work, "latency.json")
	if work != "" {
		if t, err := l.read(path); !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
	k, err := measureKernels(ctx, bar, []*nn.Graph{g}, bench.KernelOptions{Bits: allBits(), Threads: l.threads, Batch: 1, Runs: kernelRuns})
	if err != nil {
		return nil, err
	}
	if work != "" {
		err = quantize.SaveJSON(path, k.Table)
	}
	return k.Table, err
}
