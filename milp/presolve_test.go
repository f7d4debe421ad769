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

// TestCutsKeepSolutions separates cuts at the relaxation of random integer
// models and checks every integer solution against every cut.
func TestCutsKeepSolutions(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	cuts := 0
	for range 2500 {
		m := randomMIP(r)
		for j := range m.cols {
			c := &m.cols[j]
			c.integer, c.semi = true, false
			c.lo = math.Max(c.lo, -2)
			c.hi = math.Min(c.hi, c.lo+2)
			if r.IntN(2) == 0 {
				c.lo, c.hi = 0, 1
			}
		}
		tr := newTree(context.Background(), m, Options{})
		tr.lp = lp.New(m.relaxation())
		if tr.lp.Solve(tr.ctx, lp.Limits{Cutoff: math.Inf(1)}) != lp.Optimal {
			continue
		}
		tr.x = tr.lp.X(nil)
		c := newCutter(tr)
		found := append(c.gomory(), c.aggregate(c.rowsByColumn())...)
		if g := newConflicts(tr); g != nil {
			found = append(found, g.separate(tr.x)...)
		}
		cuts += len(found)
		forEachPoint(m, func(x []float64) {
			for _, k := range found {
				sum := 0.0
				for _, e := range k.Entries {
					sum += e.Val * x[e.Col]
				}
				if sum > k.Hi+1e-9*math.Max(1, math.Abs(k.Hi)) {
					t.Fatalf("cut %+v removes the solution %v", k, x)
				}
			}
		})
	}
	if cuts < 100 {
		t.Errorf("only %d cuts", cuts)
	}
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
