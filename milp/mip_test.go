package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// randomMIP makes a small model with integer, continuous and semi-continuous columns.
func randomMIP(r *rand.Rand) *Model {
	m := randomLP(r)
	for j := range m.cols {
		c := &m.cols[j]
		switch k := r.IntN(4); {
		case k < 2:
			c.integer = true
			c.lo = math.Max(c.lo, -3)
			c.hi = math.Min(c.hi, c.lo+3)
		case k == 2 && r.IntN(2) == 0:
			c.semi = true
			c.lo, c.hi = float64(r.IntN(3)), float64(3+r.IntN(3))
		}
	}
	return m
}

// enumerateMIP tries all values of the discrete columns and solves what remains.
func enumerateMIP(m *Model) (best float64, status Status) {
	fixed := *m
	fixed.cols = append([]column(nil), m.cols...)
	status = Infeasible
	var walk func(j int)
	walk = func(j int) {
		for j < len(m.cols) && !m.cols[j].integer && !m.cols[j].semi {
			j++
		}
		if j == len(m.cols) {
			switch r := fixed.solveLP(context.Background()); r.Status {
			case Unbounded:
				status = Unbounded
			case Optimal:
				if status == Infeasible || status == Optimal && m.sense()*r.Objective < m.sense()*best {
					best, status = r.Objective, Optimal
				}
			}
			return
		}
		c := m.cols[j]
		try := func(lo, hi float64) {
			fixed.cols[j] = column{lo: lo, hi: hi, cost: c.cost}
			walk(j + 1)
		}
		if c.semi {
			try(0, 0)
			try(c.lo, c.hi)
			return
		}
		for v := math.Ceil(c.lo); v <= c.hi; v++ {
			try(v, v)
		}
	}
	walk(0)
	return best, status
}

func TestRandomMIPs(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for k := range 1000 {
		m := randomMIP(r)
		got := solveChecked(t, m)
		want, status := enumerateMIP(m)
		if got.Status != status || status == Optimal && !agree(got.Objective, want, 1e-7) {
			t.Fatalf("model %d: Solve = %v %v, want %v %v", k, got.Status, got.Objective, status, want)
		}
	}
}

// TestPublicMIPs solves those reference files that take little time.
func TestPublicMIPs(t *testing.T) {
	slow := map[string]bool{"2122": true, "exp-1-500-5-5": true, "issue-2446": true, "misc03": true, "dcmulti": true, "scip3625": true,
		"cap42": true, "cap43": true, "cap44": true, "enigma": true}
	for _, e := range expectations(t, "public") {
		m, err := ReadFile(filepath.Join(sharedDir(t), e.File))
		if err != nil {
			t.Fatal(err)
		}
		if m.continuous() || slow[e.Name] {
			continue
		}
		t.Run(e.Name, func(t *testing.T) { expect(t, m, e, solveChecked(t, m)) })
	}
}

// TestNasty solves the corner cases that EXPECT.json lists, with the answers decided there.
func TestNasty(t *testing.T) {
	tests := map[string]any{"int_nobound": -1.0, "int_lo_only": -5.0, "neg_up": -10.0, "obj_rhs": -7.0, "objsense_max": 3.0,
		"range_E_neg": 1.0, "empty_row_ok": -3.0, "empty_row_inf": Infeasible, "dup_rows_cols": -3.0,
		"big_bound_1e20": Unbounded, "big_bound_1e30": -3.0, "inf_rhs": 0.0, "lo_gt_up": Infeasible,
		"int_frac_empty": Infeasible, "unb_lp": Unbounded, "unb_mip": Unbounded, "inf_mip_parity": Infeasible,
		"no_rows": -4.0, "free_int": -7.0, "tiny_coef": -1e7, "feas_tol_trap": -1.0, "cycling_beale": -0.05}
	dir := sharedDir(t)
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := ReadFile(filepath.Join(dir, "nasty", name+".mps"))
			if err != nil {
				t.Fatal(err)
			}
			r := solveChecked(t, m)
			if status, ok := want.(Status); ok {
				if r.Status != status {
					t.Fatalf("Solve = %v, want %v", r.Status, status)
				}
				return
			}
			if obj := want.(float64); r.Status != Optimal || !agree(r.Objective, obj, 1e-9) {
				t.Fatalf("Solve = %v %v, want %v", r.Status, r.Objective, obj)
			}
		})
	}
	for _, name := range []string{"dup_entry", "nan_coef", "inf_coef"} {
		if _, err := ReadFile(filepath.Join(dir, "nasty", name+".mps")); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// setPartition is a random set-partitioning problem that takes many nodes.
func setPartition(seed uint64, rows, cols int) *Model {
	r := rand.New(rand.NewPCG(seed, 0))
	m := new(Model)
	entries := make([][]Col, rows)
	for range cols {
		c := m.AddCol(0, 1, float64(10+r.IntN(90)), true)
		for range 3 + r.IntN(3) {
			i := r.IntN(rows)
			if e := entries[i]; len(e) == 0 || e[len(e)-1] != c {
				entries[i] = append(entries[i], c)
			}
		}
	}
	for _, e := range entries {
		ones := make([]float64, len(e))
		for k := range ones {
			ones[k] = 1
		}
		m.AddRow(1, 2, e, ones)
	}
	return m
}

func TestMIPLimits(t *testing.T) {
	m := setPartition(1, 60, 300)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	r, err := m.Solve(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(m); err != nil {
		t.Fatal(err)
	}
	if wall := time.Since(start); wall > 2*time.Second {
		t.Errorf("a deadline of 50 ms ended the search after %v", wall)
	}
	r, err = m.Solve(context.Background(), Options{Nodes: 5})
	if err != nil || r.Check(m) != nil || r.Status != NodeLimit && r.Status != Optimal {
		t.Fatalf("Solve = %v, %v, check %v; want nodelimit", r.Status, err, r.Check(m))
	}
}

// With a gap allowed, the bound stated is still one that the certificate does not
// beat.
func TestMIPGapCertificate(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 7))
	solved := 0
	for i := range 300 {
		m := randomMIP(r)
		res, err := m.Solve(context.Background(), Options{Gap: .2})
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Check(m); err != nil {
			t.Fatalf("model %d: %v", i, err)
		}
		if res.Status == Optimal && res.Objective != 0 {
			solved++
			if res.Gap() > .2*(1+1e-9) {
				t.Errorf("model %d: gap %v, allowed .2", i, res.Gap())
			}
		}
	}
	if solved < 50 {
		t.Errorf("only %d models were solved", solved)
	}
}
