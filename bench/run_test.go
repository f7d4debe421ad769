package bench

import (
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mixq/nn"
	"mixq/nn/train"
	"mixq/quantize"
	"mixq/tensor"
)

// noiseImages are n images that a seed chooses.
type noiseImages struct {
	n    int
	seed uint64
}

func (m noiseImages) Err() error { return nil }

func (m noiseImages) All() iter.Seq2[*tensor.Tensor, []int] {
	x := tensor.New(tensor.Uint8, m.n, 3, 8, 8)
	for i := range x.Uint8() {
		x.Uint8()[i] = uint8(uint64(i) * (7919 + m.seed) >> 3)
	}
	labels := make([]int, m.n)
	return func(yield func(*tensor.Tensor, []int) bool) { yield(x, labels) }
}

// smallInput is a network with random weights, and noise; opened counts how
// often images are asked for.
func smallInput(t *testing.T, opened *int) Input {
	t.Helper()
	b := nn.NewBuilder("small")
	x := b.Input("x", 1, 3, 8, 8)
	x = b.Activate("relu1", b.Conv2d("conv1", x, 4, 3, nn.ConvOpts{Stride: 2, Pad: 1}), nn.ReLU)
	x = b.Activate("relu2", b.Conv2d("conv2", x, 4, 3, nn.ConvOpts{Pad: 1}), nn.ReLU)
	g, err := b.Build(b.Linear("fc", b.Flatten("flat", x), 5))
	if err != nil {
		t.Fatal(err)
	}
	g = train.Init(g, 1)
	g.Pixels = make(nn.PixelTable, 3)
	for c := range g.Pixels {
		for i := range g.Pixels[c] {
			g.Pixels[c][i] = float32(i) / 128
		}
	}
	return Input{Graph: g, Open: func(seed uint64, tune int) (quantize.Data, error) {
		*opened++
		return quantize.Data{Calib: noiseImages{4, seed}, Eval: noiseImages{4, 99}}, nil
	}}
}

func smallSpec() *Spec {
	return &Spec{Name: "small", Model: "resnet8", Images: Images{Calib: 4}, Seeds: []uint64{1, 2},
		Runs: []Run{
			{Name: "four", Against: "six", Budget: quantize.Budget{Kind: quantize.AverageBits, Value: 4}, Bits: []int{2, 4, 6}, Rounding: quantize.Nearest},
			{Name: "six", Budget: quantize.Budget{Kind: quantize.AverageBits, Value: 6}, Bits: []int{2, 4, 6}, Rounding: quantize.Nearest},
		},
		Compare: &Comparison{Metrics: []quantize.Metric{quantize.FisherProjection, quantize.WeightMSE}, Seeds: []uint64{1, 2}, Images: 4,
			Bits: []int{2, 4}, Budget: quantize.Budget{Kind: quantize.AverageBits, Value: 3}},
	}
}

// Runs that share products come out as they would alone, and an execution that
// was broken off goes on where it was.
func TestExecute(t *testing.T) {
	opened := 0
	in := smallInput(t, &opened)
	path := filepath.Join(t.TempDir(), "result.json")
	save := func(r *Result) error { return quantize.SaveJSON(path, r) }
	full, err := Execute(t.Context(), smallSpec(), in, Options{Threads: 2, Save: save})
	if err != nil {
		t.Fatal(err)
	}
	if len(full.Rows) != 4 || len(full.Metrics) != 6 || opened != 4+2 {
		t.Fatalf("%d rows, %d of metrics, images opened %d times", len(full.Rows), len(full.Metrics), opened)
	}
	for i, want := range []struct {
		run  string
		seed uint64
	}{{"four", 1}, {"six", 1}, {"four", 2}, {"six", 2}} {
		r := full.Rows[i]
		if r.Run != want.run || r.Seed != want.seed || r.Report.AvgBits > 6 || r.Report.Seconds.Sensitivity <= 0 {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	for _, m := range full.Metrics {
		if m.Excess < 1-1e-9 || len(m.Across) != 2 || m.Metric == quantize.Oracle && (m.All < 1-1e-9 || m.Excess != 1) {
			t.Errorf("%+v", m)
		}
	}

	alone := smallSpec()
	alone.Runs, alone.Compare, alone.Seeds = alone.Runs[1:], nil, []uint64{2}
	r, err := Execute(t.Context(), alone, in, Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows[0].Artifact != full.Rows[3].Artifact {
		t.Error("the file depends on the runs before it, or on threads")
	}

	earlier, err := ReadResult(path)
	if err != nil {
		t.Fatal(err)
	}
	earlier.Rows, earlier.Metrics = earlier.Rows[:3], earlier.Metrics[:3]
	opened = 0
	again, err := Execute(t.Context(), smallSpec(), in, Options{Threads: 2, Earlier: earlier})
	if err != nil {
		t.Fatal(err)
	}
	if opened != 1+1 || len(again.Rows) != 4 || len(again.Metrics) != 6 || again.Rows[3].Artifact != full.Rows[3].Artifact {
		t.Errorf("images opened %d times, %d rows, %d of metrics", opened, len(again.Rows), len(again.Metrics))
	}
}

// What an execution has made by the time it fails has been saved.
func TestExecuteSaves(t *testing.T) {
	opened := 0
	in := smallInput(t, &opened)
	open, broken := in.Open, errors.New("disk gone")
	in.Open = func(seed uint64, tune int) (quantize.Data, error) {
		if opened == 1 {
			return quantize.Data{}, broken
		}
		return open(seed, tune)
	}
	var saved []int
	_, err := Execute(t.Context(), smallSpec(), in, Options{Save: func(r *Result) error { saved = append(saved, len(r.Rows)); return nil }})
	if !errors.Is(err, broken) || !slices.Equal(saved, []int{1}) {
		t.Errorf("error %v, saved %v rows", err, saved)
	}
}

// What is taken up depends on everything that decides a row.
func TestUsable(t *testing.T) {
	env := Env{Level: "x", Program: "1"}
	for _, tt := range []struct {
		name          string
		change        func(s *Spec, e *Env)
		rows, metrics int
	}{
		{"nothing", func(*Spec, *Env) {}, 2, 1},
		{"program", func(_ *Spec, e *Env) { e.Program = "2" }, 0, 0},
		{"unknown program", func(_ *Spec, e *Env) { e.Program = "" }, 0, 0},
		{"images", func(s *Spec, _ *Env) { s.Crops = 1 }, 0, 0},
		{"weights", func(s *Spec, _ *Env) { s.Weights = "w" }, 0, 0},
		{"a run", func(s *Spec, _ *Env) { s.Runs[0].Bits = []int{4} }, 1, 1},
		{"a name", func(s *Spec, _ *Env) { s.Runs[0].Name = "new" }, 1, 1},
		{"comparison", func(s *Spec, _ *Env) { s.Compare.Images++ }, 2, 0},
	} {
		b, err := json.Marshal(Result{Spec: *smallSpec(), Env: env, Rows: []Row{{Run: "four", Seed: 1}, {Run: "six", Seed: 1}}, Metrics: []MetricRow{{Seed: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "result.json")
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := ReadResult(path)
		if err != nil {
			t.Fatal(err)
		}
		s, e := smallSpec(), env
		tt.change(s, &e)
		u, err := r.usable(s, e)
		if err != nil {
			t.Fatal(err)
		}
		if u == nil {
			u = &Result{}
		}
		if len(u.Rows) != tt.rows || len(u.Metrics) != tt.metrics {
			t.Errorf("%s: %d rows and %d of metrics, want %d and %d", tt.name, len(u.Rows), len(u.Metrics), tt.rows, tt.metrics)
		}
	}
}
