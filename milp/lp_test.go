package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// TestPublicLPs solves the linear programs among the reference files.
func TestPublicLPs(t *testing.T) {
	for _, e := range expectations(t, "public") {
		m, err := ReadFile(filepath.Join(sharedDir(t), e.File))
		if err != nil {
			t.Fatal(err)
		}
		if !m.continuous() {
			continue
		}
		t.Run(e.Name, func(t *testing.T) { expect(t, m, e, solveChecked(t, m)) })
	}
}

// expect compares r with an entry of EXPECTED.json.
func expect(t *testing.T, m *Model, e expectation, r Result) {
	t.Helper()
	if r.Status.String() != e.Status {
		t.Fatalf("status %v, want %v", r.Status, e.Status)
	}
	if e.Objective != nil && !agree(r.Objective, *e.Objective, 1e-7) {
		t.Fatalf("objective %v, want %v", r.Objective, *e.Objective)
	}
	if r.Status != Optimal && r.Certificate.Kind == NoCertificate && m.continuous() && len(m.rows) > 0 {
		t.Error("no certificate")
	}
}

// randomLP makes a small linear program with bounds and rows of all kinds.
func randomLP(r *rand.Rand) *Model {
	m := &Model{Maximize: r.IntN(2) == 0}
	n := 1 + r.IntN(8)
	inf := math.Inf(1)
	interval := func() (lo, hi float64) {
		v := float64(r.IntN(9) - 4)
		switch r.IntN(5) {
		case 0:
			return v, inf
		case 1:
			return -inf, v
		case 2:
			return -inf, inf
		case 3:
			return v, v
		}
		return v, v + float64(r.IntN(6))
	}
	for range n {
		lo, hi := interval()
		m.AddCol(lo, hi, float64(r.IntN(11)-5), false)
	}
	for range r.IntN(8) {
		var cols []Col
		var a []float64
		for j := range n {
			if r.IntN(2) == 0 {
				cols, a = append(cols, Col(j)), append(a, float64(r.IntN(9)-4))
			}
		}
		lo, hi := interval()
		m.AddRow(lo, hi, cols, a)
	}
	return m
}

// TestRandomLPs relies on duality: every outcome comes with a certificate that
// Check verifies without trusting the simplex method.
func TestRandomLPs(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	seen := make(map[Status]int)
	for k := range 4000 {
		m := randomLP(r)
		res := solveChecked(t, m)
		seen[res.Status]++
		switch res.Status {
		case Optimal:
			if !agree(res.Certificate.Bound, res.Objective, 1e-7) {
				t.Fatalf("model %d: dual bound %v, objective %v", k, res.Certificate.Bound, res.Objective)
			}
		case Infeasible, Unbounded:
			if res.Certificate.Kind == NoCertificate {
				t.Fatalf("model %d: %v without a certificate", k, res.Status)
			}
		default:
			t.Fatalf("model %d: %v", k, res.Status)
		}
	}
	for _, s := range []Status{Optimal, Infeasible, Unbounded} {
		if seen[s] < 100 {
			t.Errorf("only %d models are %v", seen[s], s)
		}
	}
}

func TestLPCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := new(Model)
	for range 3 {
		m.AddCol(0, 1, -1, false)
	}
	m.AddRow(math.Inf(-1), 2, []Col{0, 1, 2}, []float64{1, 1, 1})
	r, err := m.Solve(ctx, Options{})
	if err != nil || r.Status != TimeLimit || r.X != nil {
		t.Fatalf("Solve = %v, %v; want timelimit", r.Status, err)
	}
}
