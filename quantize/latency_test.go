package quantize

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

func TestAllocateLatency(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	solved, impossible := 0, 0
	for range 60 {
		sens := randomTable(rng, 2+rng.IntN(4), 2, 3, 4, 8)
		table := timed(rng, sens)
		for _, size := range [][]Budget{nil, {{Compression, 8}}, {{AverageBits, 3.5}}} {
			limit := Budget{RunTime, float64(600 + rng.IntN(1500*len(sens.Layers)))}
			if checkAllocation(t, sens, Limits{Budgets: append(size, limit), Table: table}) {
				solved++
			} else {
				impossible++
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
	limits := Limits{Budgets: []Budget{{Compression, 9}}}
	want, err := Allocate(context.Background(), sens, limits)
	if err != nil {
		t.Fatal(err)
	}
	limits.Table = table
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
	hour := []Budget{{RunTime, 3600e9}}
	for _, tt := range []struct {
		name   string
		sens   *SensTable
		limits Limits
		want   string
	}{
		{"missing rows", sens, Limits{Budgets: hour, Table: &short}, "no row for a at 4 bits (conv2d a) and 2 more; measure this network with mixq bench kernels"},
		{"no description", &old, Limits{Budgets: hour, Table: table}, "shape of a"},
		{"no table", sens, Limits{Budgets: hour}, "needs a latency table"},
		{"negative budget", sens, Limits{Budgets: []Budget{{RunTime, -1}}, Table: table}, "-1ns"},
		{"bad table", sens, Limits{Budgets: hour, Table: &negative}, "row 0: -1 ns"},
	} {
		_, err := Allocate(context.Background(), tt.sens, tt.limits)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
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
	limit := Budget{RunTime, float64(g.MACs() / 2)} // 4 bits a multiplication
	cfg.Limits = Limits{Budgets: []Budget{limit}, Table: table}
	out := filepath.Join(t.TempDir(), "net.mixq")
	r, err := Run(context.Background(), g, runData(), cfg, out)
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Latency; l == nil || l.Predicted > l.Limit || l.Predicted < .97*l.Limit || l.ISA != "generic" {
		t.Errorf("latency %+v", l)
	}
	limit.Value /= 4
	cfg.Limits.Budgets = []Budget{limit}
	if _, err := Run(context.Background(), g, runData(), cfg, out); err == nil || !strings.Contains(err.Error(), fmt.Sprint("budget ", limit)) {
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
