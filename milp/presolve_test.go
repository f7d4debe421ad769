package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"mixq/milp/internal/lp"
)

// TestPresolveKeepsOptimum solves random models with and without presolve.
func TestPresolveKeepsOptimum(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for k := range 400 {
		m := randomMIP(r)
		if lp.New(m.relaxation()).Solve(context.Background(), lp.Limits{Cutoff: math.Inf(1)}) != lp.Optimal {
			continue // presolve expects a bounded relaxation
		}
		with := m.solvePresolved(context.Background(), Options{})
		without := m.solveTree(context.Background(), Options{})
		if with.Status != without.Status || with.Status == Optimal && !agree(with.Objective, without.Objective, 1e-7) {
			t.Fatalf("model %d: %v %v with presolve, %v %v without", k, with.Status, with.Objective, without.Status, without.Objective)
		}
	}
}

func TestPostsolve(t *testing.T) {
	inf := math.Inf(1)
	m := new(Model)
	x := m.AddCol(0, 10, 1, true)
	y := m.AddCol(-inf, inf, 2, false) // y = 3 - 2x, by the equation
	z := m.AddCol(4, 4, 5, false)      // fixed
	w := m.AddCol(0, 7, -1, false)     // as high as its bound
	m.AddRow(3, 3, []Col{x, y}, []float64{2, 1})
	m.AddRow(-5, inf, []Col{y, z}, []float64{1, 1})
	m.AddRow(1, inf, []Col{w, x}, []float64{1, 1})
	_, left, stack, ok := presolve(m)
	if !ok {
		t.Fatal("presolve finds no solution")
	}
	reduced := make([]float64, len(left))
	for k, j := range left {
		if j == x {
			reduced[k] = 2
		}
	}
	got := m.extend(reduced, left, stack)
	for k, j := range left { // columns that presolve left at zero here
		if j != x {
			got[j] = reduced[k]
		}
	}
	if got[z] != 4 || got[w] != 7 || math.Abs(got[y]-(3-2*got[x])) > 1e-12 {
		t.Fatalf("extend = %v; want z = 4, w = 7, y = 3 - 2x", got)
	}
	if res := solveChecked(t, m); res.Status != Optimal {
		t.Fatalf("Solve = %v", res.Status)
	}
}

// separators are the kinds of cuts.
var separators = []struct {
	name     string
	separate func(*cutter) []cut
}{
	{"gomory", (*cutter).gomory},
	{"rounding", func(c *cutter) []cut { return c.aggregate(c.rowsByColumn()) }},
	{"cover", (*cutter).covers},
	{"zero-half", (*cutter).zeroHalf},
	{"clique", func(c *cutter) []cut {
		if g := newConflicts(c.tree); g != nil {
			return g.separate(c.x)
		}
		return nil
	}},
}

// TestCutsKeepSolutions separates cuts at the relaxation of random integer
// models and checks every integer solution against every cut.
func TestCutsKeepSolutions(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	found := make([]int, len(separators))
	for k := range 3000 {
		m := randomMIP(r)
		if k%2 == 0 {
			m = randomPacking(r)
		}
		makeInteger(m, r)
		tr := newTree(context.Background(), m, Options{})
		tr.lp = lp.New(m.relaxation())
		if tr.lp.Solve(tr.ctx, lp.Limits{Cutoff: math.Inf(1)}) != lp.Optimal {
			continue
		}
		tr.x = tr.lp.X(nil)
		c := newCutter(tr)
		for i, s := range separators {
			cuts := s.separate(c)
			found[i] += len(cuts)
			forEachPoint(m, func(x []float64) {
				for _, k := range cuts {
					sum := 0.0
					for _, e := range k.Entries {
						sum += e.Val * x[e.Col]
					}
					if sum > k.Hi+1e-9*math.Max(1, math.Abs(k.Hi)) {
						t.Fatalf("%s cut %+v removes the solution %v", s.name, k, x)
					}
				}
			})
		}
	}
	for i, s := range separators {
		if found[i] < 100 {
			t.Errorf("only %d %s cuts", found[i], s.name)
		}
	}
}

// makeInteger makes all columns integers of few values.
func makeInteger(m *Model, r *rand.Rand) {
	for j := range m.cols {
		c := &m.cols[j]
		c.integer, c.semi = true, false
		c.lo = math.Max(c.lo, -2)
		c.hi = math.Min(c.hi, c.lo+2)
		if r.IntN(2) == 0 {
			c.lo, c.hi = 0, 1
		}
	}
}

// randomPacking makes a model of knapsacks, some with negative coefficients,
// and of rows that admit two of three columns.
func randomPacking(r *rand.Rand) *Model {
	m := &Model{Maximize: true}
	n := 5 + r.IntN(4)
	cols := make([]Col, n)
	for j := range cols {
		cols[j] = m.AddCol(0, 1, float64(5+r.IntN(10)), true)
	}
	for range 1 + r.IntN(3) {
		a, sum := make([]float64, n), 0.0
		for k := range a {
			a[k] = float64(r.IntN(40) - 8)
			sum += a[k]
		}
		m.AddRow(math.Inf(-1), math.Floor(sum*(0.3+0.3*r.Float64())), cols, a)
	}
	for range 2 + r.IntN(5) {
		p := r.Perm(n)
		m.AddRow(math.Inf(-1), float64(1+r.IntN(2)), []Col{Col(p[0]), Col(p[1]), Col(p[2])}, []float64{1, 1, 1})
	}
	return m
}

// forEachPoint calls f for every integer solution of m.
func forEachPoint(m *Model, f func([]float64)) {
	x := make([]float64, len(m.cols))
	var walk func(j int)
	walk = func(j int) {
		if j == len(x) {
			if m.Feasible(x) == nil {
				f(x)
			}
			return
		}
		for v := math.Ceil(m.cols[j].lo); v <= m.cols[j].hi; v++ {
			x[j] = v
			walk(j + 1)
		}
	}
	walk(0)
}

func TestStartAndProgress(t *testing.T) {
	m := setPartition(3, 25, 90)
	want := solveChecked(t, m)
	calls := 0
	r, err := m.Solve(context.Background(), Options{Start: want.X, Progress: func(p Progress) {
		calls++
		if p.Bound > p.Objective+1e-6 {
			t.Errorf("progress with bound %v above objective %v", p.Bound, p.Objective)
		}
	}})
	if err != nil || r.Objective != want.Objective || calls == 0 {
		t.Fatalf("Solve from the optimum = %v, %v after %d reports; want %v", r.Objective, err, calls, want.Objective)
	}
}
