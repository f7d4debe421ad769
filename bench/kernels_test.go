package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"mixq/models"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/quantize"
)

func randomNetwork(t *testing.T) *nn.Graph {
	t.Helper()
	g, err := models.Build("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	g = train.Init(g, 1)
	g.Pixels = make(nn.PixelTable, 3)
	return g
}

// The table has a row for every part at every bit-width, of trained and of
// quantized networks.
func TestMeasureKernels(t *testing.T) {
	g := randomNetwork(t)
	bits := []uint8{2, 5, 8}
	q, err := quantize.Sketch(g, func(layer string) uint8 { return 2 + uint8(len(layer))%7 })
	if err != nil {
		t.Fatal(err)
	}
	var steps []int
	k, err := MeasureKernels(context.Background(), []*nn.Graph{g, q}, KernelOptions{Bits: bits, Threads: 1, Batch: 2, Runs: turn + 1,
		Progress: func(done, total int) { steps = append(steps, done, total) }})
	if err != nil {
		t.Fatal(err)
	}
	ws := quantize.Works(q)
	for _, b := range bits {
		if _, sum, err := k.Table.Predict(withBits(ws, b)); err != nil || sum <= 0 {
			t.Errorf("%d bits: %v, %v", b, sum, err)
		}
	}
	if want := []int{1, 2, 2, 2}; !slices.Equal(steps, want) {
		t.Errorf("progress %v, want %v", steps, want)
	}
	if err := k.Table.Check(k.Table.ISA, 1); err != nil || k.Table.Batch != 2 || k.Table.Go == "" || k.Table.Clock == "" {
		t.Errorf("table %+v, %v", k.Table, err)
	}
	if len(k.Peaks) != len(bits) || len(k.Networks) != 2 {
		t.Fatalf("%d peaks, %d networks", len(k.Peaks), len(k.Networks))
	}
	for _, n := range k.Networks {
		if len(n.Parts) != len(ws) || !(n.Predicted > 0 && n.Measured > 0 && n.Ratio == n.Predicted/n.Measured) {
			t.Errorf("network %+v", n)
		}
		for i, p := range n.Parts {
			speeds := 0
			if ws[i].Bits != 0 {
				speeds = len(bits)
			}
			if p.Part != ws[i].Layer || len(p.GMACs) != speeds || len(p.Share) != speeds || slices.ContainsFunc(p.GMACs, func(v float64) bool { return v <= 0 }) {
				t.Errorf("part %+v of %+v", p, ws[i])
			}
		}
	}
}

func TestMeasureKernelsErrors(t *testing.T) {
	g := randomNetwork(t)
	good := KernelOptions{Bits: []uint8{4}, Threads: 1, Batch: 1, Runs: 1}
	for name, spoil := range map[string]func(o *KernelOptions){
		"no bits": func(o *KernelOptions) { o.Bits = nil }, "no threads": func(o *KernelOptions) { o.Threads = 0 },
		"no images": func(o *KernelOptions) { o.Batch = 0 }, "no runs": func(o *KernelOptions) { o.Runs = 0 },
	} {
		o := good
		spoil(&o)
		if _, err := MeasureKernels(context.Background(), []*nn.Graph{g}, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := MeasureKernels(ctx, []*nn.Graph{g}, good); err != context.Canceled {
		t.Errorf("cancelled: error %v", err)
	}
}

// Times of a run whose images go through the parts in two groups add up.
func TestRecord(t *testing.T) {
	s := subject{works: make([]quantize.Work, 2), times: make([][]time.Duration, 2)}
	for _, marks := range [][]time.Duration{{11, 13, 16, 20}, {14, 15, 16, 17}} {
		s.marks = marks
		s.record(10)
	}
	if !slices.Equal(s.times[0], []time.Duration{1 + 3, 4 + 1}) || !slices.Equal(s.times[1], []time.Duration{2 + 4, 1 + 1}) {
		t.Errorf("got %v", s.times)
	}
}

// A part has its time in the fastest run; one that occurs twice has the mean of
// its places, in the order of first use.
func TestSamples(t *testing.T) {
	s := newSamples()
	a, b := quantize.Work{Layer: "a", Kind: "conv2d", Bits: 4, MACs: 50}, quantize.Work{Layer: "b", Kind: "maxpool"}
	again := a
	again.Layer = "c"
	s.add([]quantize.Work{a, b, again}, [][]time.Duration{{9, 5, 1, 3, 7}, {2, 2, 2, 2, 2}, {105, 103, 101, 107, 109}}, []time.Duration{120, 115, 130, 110, 125}, 2)
	want := []quantize.LatencyRow{
		{Kind: "conv2d", Bits: 4, NS: 55, Min: 51, Median: 55, GMACs: 100. / 55},
		{Kind: "maxpool", NS: 2, Min: 2, Median: 2},
	}
	if got := s.rows(); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Of twenty runs the two fastest count: their times, scaled to the fastest.
func TestSamplesScale(t *testing.T) {
	times, total := [][]time.Duration{nil, nil}, []time.Duration(nil)
	for range 18 {
		times[0], times[1], total = append(times[0], 1), append(times[1], 1), append(total, 1000)
	}
	times[0], times[1], total = append(times[0], 200, 40), append(times[1], 100, 60), append(total, 300, 100)
	s := newSamples()
	s.add([]quantize.Work{{Kind: "a"}, {Kind: "b"}}, times, total, 1)
	if r := s.rows(); r[0].NS != 240/4 || r[1].NS != 160/4 {
		t.Errorf("got %+v", r)
	}
}
