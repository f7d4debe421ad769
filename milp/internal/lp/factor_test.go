package lp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// randomBasis returns a sparse m x m matrix by columns, regular with a diagonal
// of permuted large entries.
func randomBasis(r *rand.Rand, m int) [][]Entry {
	cols := make([][]Entry, m)
	for q, p := range r.Perm(m) {
		cols[q] = append(cols[q], Entry{int32(p), 1 + 3*r.Float64()})
		for range r.IntN(3) {
			if i := int32(r.IntN(m)); i != int32(p) && !has(cols[q], i) {
				cols[q] = append(cols[q], Entry{i, r.NormFloat64()})
			}
		}
	}
	return cols
}

func has(col []Entry, i int32) bool {
	for _, e := range col {
		if e.Col == i {
			return true
		}
	}
	return false
}

func columnOf(cols [][]Entry) func(int) ([]int32, []float64) {
	return func(q int) (ind []int32, val []float64) {
		for _, e := range cols[q] {
			ind, val = append(ind, e.Col), append(val, e.Val)
		}
		return
	}
}

// residual returns the largest entry of B·x - b and of Bᵀ·y - c.
func residual(cols [][]Entry, x, b, y, c []float64) float64 {
	sum := make([]float64, len(b))
	worst := 0.0
	for q, col := range cols {
		dot := 0.0
		for _, e := range col {
			sum[e.Col] += e.Val * x[q]
			dot += e.Val * y[e.Col]
		}
		worst = max(worst, math.Abs(dot-c[q]))
	}
	for i := range b {
		worst = max(worst, math.Abs(sum[i]-b[i]))
	}
	return worst
}

func TestFactor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var f factor
	for m := 0; m < 60; m++ {
		cols := randomBasis(r, m)
		if slots, _ := f.factorize(m, columnOf(cols)); slots != nil {
			continue // singular by chance
		}
		for update := range 4 {
			if update > 0 && m > 0 {
				q := r.IntN(m)
				col := randomBasis(r, m)[q]
				alpha, work := make([]float64, m), make([]float64, m)
				for _, e := range col {
					work[e.Col] = e.Val
				}
				f.ftran(work, alpha)
				if math.Abs(alpha[q]) < 0.1 {
					continue
				}
				f.update(q, alpha)
				cols[q] = col
			}
			b, c := make([]float64, m), make([]float64, m)
			x, y := make([]float64, m), make([]float64, m)
			for i := range m {
				b[i], c[i] = r.NormFloat64(), r.NormFloat64()
			}
			f.ftran(append([]float64(nil), b...), x)
			f.btran(append([]float64(nil), c...), y)
			size := 1.0
			for i := range m {
				size = max(size, math.Abs(x[i]), math.Abs(y[i]))
			}
			if got := residual(cols, x, b, y, c); got > 1e-11*float64(m)*size {
				t.Fatalf("m = %d, update %d: residual %g, solution up to %g", m, update, got, size)
			}
		}
	}
}

func TestFactorSingular(t *testing.T) {
	cols := [][]Entry{{{0, 1}, {1, 2}}, {{0, 2}, {1, 4}}, {{2, 1}}}
	var f factor
	slots, rows := f.factorize(3, columnOf(cols))
	if len(slots) != 1 || len(rows) != 1 || rows[0] > 1 || slots[0] > 1 {
		t.Fatalf("factorize = %v, %v; want one of slots 0, 1 and one of rows 0, 1", slots, rows)
	}
	cols[slots[0]] = []Entry{{rows[0], 1}}
	if slots, _ = f.factorize(3, columnOf(cols)); slots != nil {
		t.Fatalf("the repaired matrix is still singular in %v", slots)
	}
}
