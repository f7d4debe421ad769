package quantize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// timed gives every layer of t a shape of its own and made-up times that rise
// unevenly with the bits, and the network a part without weights.
func timed(rng *rand.Rand, t *SensTable) *LatencyTable {
	table := &LatencyTable{ISA: "generic", Threads: 1, Batch: 1}
	t.Works = []Work{{Layer: "x", Kind: "load", Shape: "x"}}
	table.Rows = []LatencyRow{{Kind: "load", Shape: "x", NS: 500}}
	for _, l := range t.Layers {
		t.Works = append(t.Works, Work{Layer: l.Layer, Kind: "conv2d", Shape: l.Layer, Bits: 8})
		ns := int64(0)
		for _, b := range l.Bits {
			ns += rng.Int64N(1000)
			table.Rows = append(table.Rows, LatencyRow{Kind: "conv2d", Shape: l.Layer, Bits: b, NS: ns})
		}
	}
	t.Works = append(t.Works, Work{Layer: t.Layers[0].Layer, Kind: "store", Shape: "x"}) // a value may be called like a layer
	table.Rows = append(table.Rows, LatencyRow{Kind: "store", Shape: "x", NS: 70})
	return table
}

// bestWithin tries every allocation: the least sensitivity and the least time
// within both limits; infinite if there is none.
func bestWithin(t *SensTable, table *LatencyTable, size Budget, limit time.Duration) (sens float64, fastest time.Duration) {
	sens, fastest = math.Inf(1), math.MaxInt64
	pick := make([]uint8, len(t.Layers))
	var try func(i int, used int64, sum float64)
	try = func(i int, used int64, sum float64) {
		if i < len(t.Layers) {
			for j, b := range t.Layers[i].Bits {
				pick[i] = b
				try(i+1, used+t.Layers[i].cost(size.Kind, b), sum+t.Layers[i].Sensitivity[j])
			}
			return
		}
		if size.Kind != NoBudget && used > size.capacity(t, 0) {
			return
		}
		ws := slices.Clone(t.Works)
		for i, b := range pick {
			ws[i+1].Bits = b
		}
		_, d, err := table.Predict(ws)
		if err != nil {
			panic(err)
		}
		fastest = min(fastest, d)
		if d <= limit {
			sens = min(sens, sum)
		}
	}
	try(0, 0, 0)
	return sens, fastest
}

func TestAllocateLatency(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	solved, impossible := 0, 0
	for range 60 {
		sens := randomTable(rng, 2+rng.IntN(4), 2, 3, 4, 8)
		table := timed(rng, sens)
		for _, size := range []Budget{{}, {Compression, 8}, {AverageBits, 3.5}} {
			limit := time.Duration(600 + rng.IntN(1500*len(sens.Layers)))
			want, fastest := bestWithin(sens, table, size, limit)
			plan, err := Allocate(context.Background(), sens, Limits{Size: size, Latency: LatencyBudget{limit, table}})
			if math.IsInf(want, 1) {
				impossible++
				e, ok := errors.AsType[*LatencyError](err)
				if !ok || e.Fastest != fastest || e.Budget != size {
					t.Errorf("%v within %v: error %v, want one with %v", limit, size, err, fastest)
				}
				continue
			}
			solved++
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(plan.Objective-want) > 1e-12*want || plan.Bound < want*(1-1e-9) {
				t.Errorf("%v within %v: objective %v, bound %v, want %v", limit, size, plan.Objective, plan.Bound, want)
			}
			if plan.Latency.Predicted > plan.Latency.Limit || plan.Latency.Limit != ms(limit) || size.Kind != NoBudget && plan.Used > plan.Capacity {
				t.Errorf("%v within %v: plan %+v, latency %+v", limit, size, plan, plan.Latency)
			}
		}
	}
	if solved < 30 || impossible < 30 {
		t.Errorf("%d solved, %d impossible; the cases are one-sided", solved, impossible)
	}
}

// A table without a limit predicts and changes nothing else.
func TestAllocateWithTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	sens := randomTable(rng, 5, 2, 4)
	table := timed(rng, sens)
	limits := Limits{Size: Budget{Compression, 9}}
	want, err := Allocate(context.Background(), sens, limits)
	if err != nil {
		t.Fatal(err)
	}
	limits.Latency.Table = table
	got, err := Allocate(context.Background(), sens, limits)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Layers, want.Layers) || want.Latency != nil || got.Latency == nil || got.Latency.Limit != 0 || got.Latency.Predicted <= 0 {
		t.Errorf("with a table %+v %+v, without %+v", got, got.Latency, want)
	}
}

func TestLatencyErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	sens := randomTable(rng, 3, 2, 4)
	table := timed(rng, sens)
	short := *table
	short.Rows = slices.DeleteFunc(slices.Clone(table.Rows), func(r LatencyRow) bool { return r.Bits == 4 })
	old := *sens
	old.Works = nil
	negative := *table
	negative.Rows = []LatencyRow{{Kind: "load", NS: -1}}
	for _, tt := range []struct {
		name    string
		sens    *SensTable
		latency LatencyBudget
		want    string
	}{
		{"missing rows", sens, LatencyBudget{time.Hour, &short}, "no row for a at 4 bits (conv2d a) and 2 more; measure this network with mixq bench kernels"},
		{"no description", &old, LatencyBudget{time.Hour, table}, "shape of a"},
		{"no table", sens, LatencyBudget{time.Hour, nil}, "needs a latency table"},
		{"negative budget", sens, LatencyBudget{-1, table}, "-1ns"},
		{"bad table", sens, LatencyBudget{time.Hour, &negative}, "row 0: -1 ns"},
	} {
		_, err := Allocate(context.Background(), tt.sens, Limits{Latency: tt.latency})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
	if _, err := Allocate(context.Background(), sens, Limits{Latency: LatencyBudget{Table: table}}); err == nil {
		t.Error("no limit at all is accepted")
	}
	if err := table.Check("generic", 1); err != nil {
		t.Error(err)
	}
	for _, err := range []error{table.Check("avx2", 1), table.Check("generic", 2)} {
		if err == nil || !strings.Contains(err.Error(), "mixq bench kernels --threads") {
			t.Errorf("table of another kind: error %v", err)
		}
	}
}

const goodTable = `{"isa":"generic","threads":1,"batch":1,"rows":[{"kind":"conv2d","shape":"s","bits":4,"ns":5}]}`

func TestReadLatencyTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latency.json")
	for _, tt := range []struct{ name, text, want string }{
		{"good", goodTable, ""},
		{"syntax", `{`, "unexpected end"},
		{"other JSON", `{"Layers":[]}`, "isa, threads, batch and rows are needed"},
		{"time", strings.Replace(goodTable, `"ns":5`, `"ns":-5`, 1), "row 0: -5 ns"},
		{"huge time", strings.Replace(goodTable, `"ns":5`, `"ns":9000000000000000000`, 1), "row 0: 9000000000000000000 ns"},
		{"bits", strings.Replace(goodTable, `"bits":4`, `"bits":300`, 1), "300"},
		{"twice", strings.Replace(goodTable, `"rows":[`, `"rows":[{"kind":"conv2d","shape":"s","bits":4,"ns":6},`, 1), "row 1: a second one"},
	} {
		if err := os.WriteFile(path, []byte(tt.text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := ReadLatencyTable(path)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: error %v, want one with the path and %q", tt.name, err, tt.want)
		}
	}
}

// Every part that infer tells of is a work, in the same order, whatever the
// bits; a sketch of a sketch changes the weights only.
func TestWorks(t *testing.T) {
	q, err := Sketch(runNet(t), func(string) uint8 { return 3 })
	if err != nil {
		t.Fatal(err)
	}
	if q, err = Sketch(q, func(layer string) uint8 { return 2 + uint8(len(layer))%7 }); err != nil {
		t.Fatal(err)
	}
	ws := Works(q)
	var done []string
	p, err := infer.Compile(q, infer.Options{Threads: 1, Trace: func(n *nn.Node) {
		name := ""
		if n != nil {
			name = n.Name
		}
		done = append(done, name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	if _, err := s.Run(tensor.New(tensor.Uint8, q.Inputs[0].Type.Shape...)); err != nil {
		t.Fatal(err)
	}
	if len(done) != len(ws) {
		t.Fatalf("infer tells of %d parts, Works of %d", len(done), len(ws))
	}
	for i, w := range ws {
		want := uint8(0)
		switch n := q.Node(w.Layer); {
		case w.Kind == "load" || w.Kind == "store":
			if done[i] != "" {
				t.Errorf("part %d is %s, want %s", i, done[i], w.Kind)
			}
			continue
		case n.Op.Kind() == nn.KindConv2d || n.Op.Kind() == nn.KindLinear:
			want = 2 + uint8(len(w.Layer))%7
		}
		if done[i] != w.Layer || w.Bits != want {
			t.Errorf("part %d is %s, want %+v with %d bits", i, done[i], w, want)
		}
	}
}

// Runs with a latency budget: a plan for every layer that keeps to it.
func TestRunLatencyBudget(t *testing.T) {
	g := runNet(t)
	q, err := Sketch(g, func(string) uint8 { return 8 })
	if err != nil {
		t.Fatal(err)
	}
	table := &LatencyTable{ISA: "generic", Threads: 1, Batch: 1}
	seen := map[latencyKey]bool{}
	for _, w := range Works(q) {
		for _, w.Bits = range []uint8{0, 2, 3, 4, 6, 8} {
			if !seen[w.key()] {
				table.Rows = append(table.Rows, LatencyRow{Kind: w.Kind, Shape: w.Shape, Bits: w.Bits, NS: w.MACs * int64(w.Bits) / 8})
			}
			seen[w.key()] = true
		}
	}
	cfg := runConfig(2)
	cfg.Budget = Budget{}
	cfg.Latency = LatencyBudget{time.Duration(g.MACs() / 2), table} // 4 bits a multiplication
	out := filepath.Join(t.TempDir(), "net.mixq")
	r, err := Run(context.Background(), g, runData(), cfg, out)
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Latency; l == nil || l.Predicted > l.Limit || l.Predicted < .97*l.Limit || l.ISA != "generic" {
		t.Errorf("latency %+v", l)
	}
	cfg.Latency.Limit /= 4
	if _, err := Run(context.Background(), g, runData(), cfg, out); err == nil || !strings.Contains(err.Error(), fmt.Sprint("latency budget ", cfg.Latency.Limit)) {
		t.Errorf("impossible budget: error %v", err)
	}
}

func FuzzLatencyTable(f *testing.F) {
	f.Add([]byte(goodTable))
	path := filepath.Join(f.TempDir(), "latency.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		table, err := ReadLatencyTable(path)
		if err != nil {
			return
		}
		if err := SaveJSON(path, table); err != nil {
			t.Fatal(err)
		}
		if again, err := ReadLatencyTable(path); err != nil || !slices.Equal(again.Rows, table.Rows) {
			t.Errorf("%v came back as %v, %v", table, again, err)
		}
	})
}
