package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// bruteForce enumerates all integer points within the bounds and returns the
// best feasible objective; ok is false if there is none.
func bruteForce(m *Model) (best float64, ok bool) {
	x := make([]float64, len(m.cols))
	var walk func(j int)
	walk = func(j int) {
		if j == len(x) {
			if m.Feasible(x) != nil {
				return
			}
			if v := m.Objective(x); !ok || (v < best) != m.Maximize && v != best {
				best, ok = v, true
			}
			return
		}
		for v := math.Ceil(m.cols[j].lo); v <= m.cols[j].hi; v++ {
			x[j] = v
			walk(j + 1)
		}
	}
	walk(0)
	return best, ok
}

// solveChecked solves m and fails the test unless the result checks.
func solveChecked(t *testing.T, m *Model) Result {
	t.Helper()
	r, err := m.Solve(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(m); err != nil {
		t.Fatal(err)
	}
	return r
}

// compareBrute fails the test unless Solve and enumeration agree.
func compareBrute(t *testing.T, m *Model) {
	t.Helper()
	r := solveChecked(t, m)
	want, ok := bruteForce(m)
	switch {
	case !ok && r.Status != Infeasible:
		t.Fatalf("Solve = %v %v, want infeasible", r.Status, r.Objective)
	case ok && (r.Status != Optimal || !agree(r.Objective, want, 1e-12)):
		t.Fatalf("Solve = %v %v, want optimal %v", r.Status, r.Objective, want)
	}
}

// randomChoice makes a small multiple-choice knapsack of the given shape.
func randomChoice(r *rand.Rand, groups, opts, knaps int) *Model {
	m := &Model{Maximize: r.IntN(3) == 0, Offset: float64(r.IntN(5))}
	var all []Col
	for range groups {
		n := 1 + r.IntN(opts)
		var cols []Col
		var ones []float64
		for range n {
			cost := float64(r.IntN(20)) - 5
			if r.IntN(2) == 0 {
				cost = r.NormFloat64()
			}
			cols = append(cols, m.AddCol(0, 1, cost, true))
			ones = append(ones, 1)
		}
		all = append(all, cols...)
		switch r.IntN(4) {
		case 0:
			m.AddRow(math.Inf(-1), 1, cols, ones)
		default:
			m.AddRow(1, 1, cols, ones)
		}
	}
	for range knaps {
		var sum float64
		a := make([]float64, len(all))
		for k := range a {
			a[k] = float64(r.IntN(30))
			if r.IntN(8) == 0 {
				a[k] -= 15
			}
			sum += a[k]
		}
		limit := math.Floor(sum * (0.15 + 0.5*r.Float64()))
		switch r.IntN(6) {
		case 0:
			m.AddRow(limit-10, limit, all, a)
		case 1:
			m.AddRow(limit/2, math.Inf(1), all, a)
		default:
			m.AddRow(math.Inf(-1), limit, all, a)
		}
	}
	return m
}

func TestBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		compareBrute(t, randomChoice(r, 1+r.IntN(5), 3, r.IntN(3)))
	}
}

// TestPackings solves small models of many rows, by branch and bound.
func TestPackings(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		m := randomPacking(r)
		makeInteger(m, r)
		compareBrute(t, m)
	}
}

// TestCommonDivisors solves knapsacks in which all weights but those of a few
// columns have a divisor that the capacities lack.
func TestCommonDivisors(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		m := randomChoice(r, 4+r.IntN(4), 3, 0)
		for range 2 {
			var cols []Col
			var a []float64
			sum := 0.0
			for j := range m.cols {
				w := float64(6 * r.IntN(10))
				if r.IntN(8) == 0 {
					w++
				}
				cols, a, sum = append(cols, Col(j)), append(a, w), sum+w
			}
			m.AddRow(math.Inf(-1), math.Floor(sum*(0.2+0.3*r.Float64())), cols, a)
		}
		compareBrute(t, m)
	}
}

// TestLocalRows couples and excludes options of several groups.
func TestLocalRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		m := randomChoice(r, 5, 2, 1)
		n := len(m.cols)
		for range r.IntN(4) {
			a, b := r.IntN(n), r.IntN(n)
			if a == b {
				continue
			}
			switch r.IntN(3) {
			case 0:
				m.AddRow(0, 0, []Col{Col(a), Col(b)}, []float64{1, -1})
			case 1:
				m.AddRow(math.Inf(-1), 1, []Col{Col(a), Col(b)}, []float64{1, 1})
			case 2:
				m.AddRow(1, 2, []Col{Col(a), Col(b)}, []float64{1, 1})
			}
		}
		if j := r.IntN(n); r.IntN(2) == 0 {
			m.cols[j].lo = float64(r.IntN(2))
			m.cols[j].hi = m.cols[j].lo
		}
		compareBrute(t, m)
	}
}

// permuted returns m with rows and columns in random order.
func permuted(m *Model, r *rand.Rand) *Model {
	p := &Model{Maximize: m.Maximize, Offset: m.Offset}
	to := make([]Col, len(m.cols))
	for _, j := range r.Perm(len(m.cols)) {
		c := m.cols[j]
		to[j] = p.AddCol(c.lo, c.hi, c.cost, c.integer)
	}
	for _, i := range r.Perm(len(m.rows)) {
		cols, a := m.entries(Row(i))
		q := make([]Col, len(cols))
		b := make([]float64, len(cols))
		for k, v := range r.Perm(len(cols)) {
			q[k], b[k] = to[cols[v]], a[v]
		}
		p.AddRow(m.rows[i].lo, m.rows[i].hi, q, b)
	}
	return p
}

// scaled returns m with every row multiplied by a factor of its own.
func scaled(m *Model, r *rand.Rand) *Model {
	p := &Model{Maximize: m.Maximize, Offset: m.Offset, cols: m.cols}
	for i, row := range m.rows {
		f := []float64{-1, 0.5, 10, -0.25, 1000, 3}[r.IntN(6)]
		cols, a := m.entries(Row(i))
		b := make([]float64, len(a))
		for k := range a {
			b[k] = f * a[k]
		}
		lo, hi := f*row.lo, f*row.hi
		if f < 0 {
			lo, hi = hi, lo
		}
		p.AddRow(lo, hi, cols, b)
	}
	return p
}

// TestPresentation checks that the order of rows and columns and the scale of
// rows change neither status nor objective.
func TestPresentation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		m := randomChoice(r, 20+r.IntN(30), 6, 1+r.IntN(2))
		want := solveChecked(t, m)
		for _, q := range []*Model{permuted(m, r), scaled(m, r)} {
			if got := solveChecked(t, q); got.Status != want.Status || !agree(got.Objective, want.Objective, 1e-12) {
				t.Fatalf("Solve = %v %v, want %v %v", got.Status, got.Objective, want.Status, want.Objective)
			}
		}
	}
}

// FuzzChoice compares Solve with enumeration on models drawn from the seed.
func FuzzChoice(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(3), uint8(1))
	f.Add(uint64(2), uint8(5), uint8(2), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, groups, opts, knaps uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		compareBrute(t, randomChoice(r, 1+int(groups)%5, 1+int(opts)%3, int(knaps)%3))
	})
}
