package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestErrors checks that models that cannot be solved are refused by name.
func TestErrors(t *testing.T) {
	inf := math.Inf(1)
	two := func(lo, hi, a0, a1 float64, c1 Col) func(*Model) {
		return func(m *Model) {
			m.NameCol(m.AddCol(0, 1, 1, true), "x")
			m.NameCol(m.AddCol(0, 1, 2, true), "y")
			m.NameRow(m.AddRow(lo, hi, []Col{0, c1}, []float64{a0, a1}), "cap")
		}
	}
	tests := []struct {
		name  string
		build func(*Model)
		want  string
	}{
		{"NaN cost", func(m *Model) { m.AddCol(0, 1, math.NaN(), true) }, "column c0"},
		{"NaN bound", func(m *Model) { m.AddCol(math.NaN(), 1, 0, true) }, "column c0"},
		{"NaN offset", func(m *Model) { m.Offset = math.NaN() }, "offset"},
		{"NaN side", two(math.NaN(), 1, 1, 1, 1), "row cap"},
		{"infinite coefficient", two(0, 1, inf, 1, 1), "column x"},
		{"unknown column", two(0, 1, 1, 1, 7), "column 7 does not exist"},
		{"duplicate entry", two(0, 1, 1, 1, 0), "two entries for column x"},
		{"lengths differ", func(m *Model) { m.AddRow(0, 1, []Col{0}, nil) }, "row 0"},
		{"semi-continuous", func(m *Model) { m.NameCol(m.AddSemiCol(-1, 1, 1, false), "z") }, "column z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m Model
			tt.build(&m)
			_, err := m.Solve(context.Background(), Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Solve error = %v, want one that names %q", err, tt.want)
			}
		})
	}
	if _, err := new(Model).Solve(context.Background(), Options{Gap: -1}); err == nil {
		t.Error("a negative gap is accepted")
	}
}

// TestCheckRefuses changes one claim of a good result at a time.
func TestCheckRefuses(t *testing.T) {
	var m Model
	var cols []Col
	for _, c := range []float64{3, 1, 5, 2} {
		cols = append(cols, m.AddCol(0, 1, c, true))
	}
	m.AddRow(1, 1, cols[:2], []float64{1, 1})
	m.AddRow(1, 1, cols[2:], []float64{1, 1})
	m.AddRow(math.Inf(-1), 5, cols, []float64{1, 4, 1, 3})
	good := solveChecked(t, &m)
	tests := []struct {
		name  string
		spoil func(*Result)
	}{
		{"fractional", func(r *Result) { r.X[0], r.X[1] = 0.5, 0.5 }},
		{"over capacity", func(r *Result) { r.X = []float64{0, 1, 0, 1} }},
		{"no choice", func(r *Result) { r.X = []float64{0, 0, 0, 1} }},
		{"short", func(r *Result) { r.X = r.X[:3] }},
		{"missing", func(r *Result) { r.X = nil }},
		{"wrong objective", func(r *Result) { r.Objective -= 1e-6 }},
		{"bound beyond objective", func(r *Result) { r.Bound = r.Objective + 1 }},
		{"infeasible", func(r *Result) { r.Status = Infeasible }},
		{"certificate states more", func(r *Result) { r.Certificate.Bound += 0.5 }},
		{"certificate length", func(r *Result) { r.Certificate.Rows = nil }},
		{"certificate kind", func(r *Result) { r.Certificate.Kind = Surrogate }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := good
			r.X = append([]float64(nil), good.X...)
			tt.spoil(&r)
			if r.Check(&m) == nil {
				t.Fatalf("Check accepts %+v", r)
			}
		})
	}
}

func TestGap(t *testing.T) {
	m := hardTwoKnapsacks(2000)
	r, err := m.Solve(context.Background(), Options{Gap: 1e-4})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(m); err != nil {
		t.Fatal(err)
	}
	if r.Status != Optimal || r.Gap() > 1e-4 {
		t.Fatalf("Solve = %v with gap %v, want optimal within 1e-4", r.Status, r.Gap())
	}
}

func TestInfeasibleCertificate(t *testing.T) {
	var m Model
	var cols []Col
	for range 6 {
		cols = append(cols, m.AddCol(0, 1, 1, true))
	}
	for g := 0; g < 6; g += 2 {
		m.AddRow(1, 1, cols[g:g+2], []float64{1, 1})
	}
	m.AddRow(math.Inf(-1), 8, cols, []float64{3, 4, 3, 5, 3, 6})
	r := solveChecked(t, &m)
	if r.Status != Infeasible || r.Certificate.Kind != Surrogate {
		t.Fatalf("Solve = %v with certificate %v, want infeasible with a surrogate", r.Status, r.Certificate)
	}
	r.Certificate.Rows[3] = -1
	if r.Check(&m) == nil {
		t.Error("Check accepts a certificate with the wrong sign")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := hardTwoKnapsacks(2000)
	r, err := m.Solve(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(m); err != nil {
		t.Fatal(err)
	}
	if r.Status != TimeLimit || math.IsInf(r.Bound, 0) {
		t.Fatalf("Solve = %v, bound %v; want timelimit with a bound", r.Status, r.Bound)
	}
	if r, err = m.Solve(context.Background(), Options{Nodes: 3}); err != nil || r.Status != NodeLimit {
		t.Fatalf("Solve = %v, %v; want nodelimit", r.Status, err)
	}
}

// hardTwoKnapsacks has n groups of five options whose costs fall by about a
// factor of four while one weight grows linearly and the other quadratically.
func hardTwoKnapsacks(n int) *Model {
	r := rand.New(rand.NewPCG(7, 8))
	m := new(Model)
	var all []Col
	var u, v []float64
	for range n {
		size, work, sens := float64(20+r.IntN(1000)), float64(10+r.IntN(900)), r.ExpFloat64()
		var cols []Col
		for b := range 5 {
			cols = append(cols, m.AddCol(0, 1, sens*math.Pow(4, -float64(b))*(0.9+0.2*r.Float64()), true))
			u, v = append(u, size*float64(b+1)), append(v, work*float64((b+1)*(b+1)))
		}
		m.AddRow(1, 1, cols, []float64{1, 1, 1, 1, 1})
		all = append(all, cols...)
	}
	sum := func(a []float64) (s float64) {
		for _, x := range a {
			s += x
		}
		return
	}
	m.AddRow(math.Inf(-1), math.Floor(sum(u)/6), all, u)
	m.AddRow(math.Inf(-1), math.Floor(sum(v)/8), all, v)
	return m
}
