package quantize

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"mixq/tensor"
)

// ownClasses yields n images of noise labelled with the classes that the float
// network of j gives them, so that the drop is the share that changes class. The
// bias of its last layer is changed first, so that the classes are about equally
// frequent and close.
func ownClasses(t *testing.T, j *Job, n int) Batches {
	t.Helper()
	set, err := collect(noise(n, n, 8), j.Graph)
	if err != nil {
		t.Fatal(err)
	}
	y := logits(t, j.Graph, set.images)
	ls := weighted(j.Graph)
	bias := ls[len(ls)-1].Bias.Data.Float32()
	for i, v := range y {
		bias[i%10] -= v / float32(n)
	}
	for i, y := range slices.Collect(slices.Chunk(logits(t, j.Graph, set.images), 10)) {
		set.labels[i] = argmax(y)
	}
	return sequence(func(yield func(*tensor.Tensor, []int) bool) { yield(set.images, set.labels) })
}

// The budget that is found does, and the next smaller one does not.
func TestSearch(t *testing.T) {
	cfg := runConfig(2)
	cfg.Limits, cfg.MaxDrop = Limits{}, 20
	j, err := Prepare(runNet(t), noise(70, 25, 1), cfg)
	if err != nil {
		t.Fatal(err)
	}
	valid, scratch := ownClasses(t, j, 60), filepath.Join(t.TempDir(), "probe.mixq")
	ctx := context.Background()
	st, err := j.Calibrate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sens, err := j.Sensitivity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.Search(ctx, sens, st, valid, scratch)
	if err != nil {
		t.Fatal(err)
	}
	if r.Drop > 20 || r.Images != 60 || r.Probes < 2 || r.Probes > 7 {
		t.Errorf("found %+v", r)
	}
	below, err := j.probe(ctx, int(r.Budget.Value*searchSteps)-1, sens, st, valid, scratch)
	if err != nil {
		t.Fatal(err)
	}
	if below.Drop <= 20 {
		t.Errorf("%v drops %v only", below.Budget, below.Drop)
	}
	j.Config.MaxDrop = 1e-9
	for i := range sens.Layers { // two bits for all: many images change class
		sens.Layers[i].Bits, sens.Layers[i].Sensitivity = []uint8{2}, []float64{1}
	}
	var e *DropError
	if _, err := j.Search(ctx, sens, st, valid, scratch); !errors.As(err, &e) || e.Max != 1e-9 || !(e.Least > 0) {
		t.Errorf("error %v, want a DropError", err)
	}
}

// With other limits, averages that they exclude are passed over: here fewer than 4
// bits are slow, as they are for some kernels.
func TestSearchWithinLimits(t *testing.T) {
	cfg := runConfig(2)
	cfg.Limits, cfg.MaxDrop, cfg.Rounding = budgets(Budget{RunTime, 1000}), 100, Nearest
	cfg.Limits.Table = &LatencyTable{ISA: "generic", Threads: 1, Batch: 1}
	q, err := Sketch(runNet(t), func(string) uint8 { return 8 })
	if err != nil {
		t.Fatal(err)
	}
	seen := map[latencyKey]bool{}
	for _, w := range Works(q) {
		for _, w.Bits = range []uint8{0, 2, 3, 4, 6, 8} {
			row := LatencyRow{Kind: w.Kind, Shape: w.Shape, Bits: w.Bits, NS: 1}
			if w.Bits == 2 || w.Bits == 3 {
				row.NS = 1001
			}
			if !seen[w.key()] {
				cfg.Limits.Table.Rows = append(cfg.Limits.Table.Rows, row)
			}
			seen[w.key()] = true
		}
	}
	j, err := Prepare(runNet(t), noise(32, 32, 1), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	st, err := j.Calibrate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sens, err := j.Sensitivity(ctx, st)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.Search(ctx, sens, st, noise(32, 32, 2), filepath.Join(t.TempDir(), "probe.mixq"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Budget != (Budget{AverageBits, 4}) {
		t.Errorf("found %+v, want 4 bits", r)
	}
}
