package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"mixq/milp/internal/lp"
)

// TestPump starts the feasibility pump at the relaxations of models whose
// equations hide their solutions from plain rounding.
func TestPump(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	found, tries := 0, 0
	for range 60 {
		m := new(Model)
		n := 12 + r.IntN(8)
		cols, hidden := make([]Col, n), make([]float64, n)
		for k := range cols {
			hi := []float64{1, 1, 6}[k%3]
			cols[k] = m.AddCol(0, hi, r.NormFloat64(), true)
			hidden[k] = float64(r.IntN(int(hi) + 1))
		}
		y := m.AddCol(math.Inf(-1), math.Inf(1), 1, false)
		for range 3 {
			a, sum := make([]float64, n), 0.0
			for k := range a {
				a[k] = float64(1 + r.IntN(3))
				sum += a[k] * hidden[k]
			}
			m.AddRow(sum, sum+1, cols, a)
		}
		m.AddRow(0, math.Inf(1), []Col{y, cols[0]}, []float64{1, -1})
		tr := newTree(context.Background(), m, Options{})
		tr.lo, tr.hi = tr.rootLo, tr.rootHi
		tr.lpLo, tr.lpHi = append([]float64(nil), tr.lo...), append([]float64(nil), tr.hi...)
		tr.lp = lp.New(m.relaxation())
		if tr.solveLP(math.Inf(1)) != lp.Optimal {
			t.Fatal("the relaxation of a feasible model has no optimum")
		}
		if len(tr.fractional(tr.x)) == 0 {
			continue
		}
		tries++
		if tr.pump(); tr.best != nil {
			found++
			if err := m.Feasible(tr.best); err != nil {
				t.Fatal(err)
			}
		}
	}
	if found < tries*3/4 || tries < 30 {
		t.Errorf("the pump found %d solutions in %d tries", found, tries)
	}
}
