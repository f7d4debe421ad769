package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// TestChoiceSplit divides choice rows at random points: every choice must
// survive in one child, the point in neither.
func TestChoiceSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for range 200 {
		m := new(Model)
		n := 3 + r.IntN(6)
		cols, a := make([]Col, n), make([]float64, n)
		for k := range cols {
			cols[k], a[k] = m.AddCol(0, 1, float64(r.IntN(4)), true), 2
		}
		m.AddRow(math.Inf(-1), 2, cols, a)
		m.AddRow(math.Inf(-1), 3, cols, a) // admits no two either, but says so differently
		tr := newTree(context.Background(), m, Options{})
		if len(tr.choices) != 1 {
			t.Fatalf("%d choice rows, want 1", len(tr.choices))
		}
		tr.lo, tr.hi, tr.x = tr.rootLo, tr.rootHi, make([]float64, n)
		left := 1.0
		for k := range tr.x {
			tr.x[k] = left * (0.1 + 0.8*r.Float64())
			left -= tr.x[k]
		}
		splits := tr.choiceSplits()
		if len(splits) != 1 {
			t.Fatalf("%d splits of %v, want 1", len(splits), tr.x)
		}
		s := &splits[0]
		down, up := missed(s.down, tr.x), missed(s.up, tr.x)
		if down <= 0 || up <= 0 || math.Abs(down-s.dist[0])+math.Abs(up-s.dist[1]) > 1e-12 {
			t.Fatalf("%v is %v and %v from the children, stated as %v", tr.x, down, up, s.dist)
		}
		for k := -1; k < n; k++ {
			x := make([]float64, n)
			if k >= 0 {
				x[k] = 1
			}
			if missed(s.down, x) > 0 && missed(s.up, x) > 0 {
				t.Fatalf("the split %+v loses %v", s, x)
			}
		}
	}
}

// TestSemiContinuousSplit keeps the whole range of a semi-continuous column
// when nodes without fractional columns are divided.
func TestSemiContinuousSplit(t *testing.T) {
	m := new(Model)
	j := m.AddSemiCol(2, 6, 1, false)
	tr := newTree(context.Background(), m, Options{})
	tr.lo, tr.hi, tr.x = []float64{0}, []float64{6}, []float64{2.5}
	v, ok := tr.undecided(j)
	if !ok {
		t.Fatal("0 or [2, 6] is taken for decided")
	}
	if s := tr.columnSplit(j, v); s.down[0] != (change{j, 0, 0}) || s.up[0] != (change{j, 2, 6}) {
		t.Fatalf("split %+v, want 0 and [2, 6]", s)
	}
	tr.lo[0] = 2
	if _, ok := tr.undecided(j); ok {
		t.Fatal("[2, 6] is taken for undecided")
	}
}
