package quantize

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMoments(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, k := range []int{1, 9, 64, 65, 130} {
		const groups, rows, blocks = 2, 37, 3
		ms := []*moments{newMoments(k, true), newMoments(k, true)}
		var all [2][groups][]float32
		var scratch momentScratch
		for range blocks {
			var x, y []float32
			for range groups * rows * k {
				a := rng.NormFloat64()
				x, y = append(x, float32(a)), append(y, float32(a+.3*rng.NormFloat64()+1))
			}
			accumulate(ms, x, y, rows, 2, &scratch)
			for g := range groups {
				all[0][g] = append(all[0][g], x[g*rows*k:(g+1)*rows*k]...)
				all[1][g] = append(all[1][g], y[g*rows*k:(g+1)*rows*k]...)
			}
		}
		for g, m := range ms {
			checkMoments(t, m, all[0][g], all[1][g], rows*blocks)
		}
	}
}

// checkMoments compares with sums in float64 over all rows.
func checkMoments(t *testing.T, m *moments, x, y []float32, rows int) {
	t.Helper()
	if m.rows != rows {
		t.Fatalf("%d rows, want %d", m.rows, rows)
	}
	tol := 1e-5 * float64(rows) // float32 sums over a block of values around 1
	for i := range m.k {
		for j := range m.k {
			var xx, yx float64
			for r := range rows {
				xx += float64(x[r*m.k+i]) * float64(x[r*m.k+j])
				yx += float64(y[r*m.k+i]) * float64(x[r*m.k+j])
			}
			if j >= i && math.Abs(m.xx[i*m.k+j]-xx) > tol {
				t.Fatalf("k=%d: xx[%d,%d] is %v, want %v", m.k, i, j, m.xx[i*m.k+j], xx)
			}
			if math.Abs(m.yx[i*m.k+j]-yx) > tol {
				t.Fatalf("k=%d: yx[%d,%d] is %v, want %v", m.k, i, j, m.yx[i*m.k+j], yx)
			}
		}
	}
}

// If the quantized stream is a linear image of the float one, the target
// undoes it up to the damping: Cov(y,x)·Cov(x,x)⁻¹ = A⁻¹ for x = A·y.
func TestTwoStreamTarget(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	const k, rows = 3, 4000
	a := [k][k]float32{{1, .2, 0}, {0, .8, .1}, {.1, 0, 1.2}}
	var x, y []float32
	for range rows {
		var v [k]float32
		for i := range v {
			v[i] = float32(rng.NormFloat64()) + 2
		}
		for i := range k {
			y = append(y, v[i])
			var s float32
			for j := range k {
				s += a[i][j] * v[j]
			}
			x = append(x, s)
		}
	}
	m := newMoments(k, true)
	var scratch momentScratch
	accumulate([]*moments{m}, x, y, rows, 1, &scratch)
	f, mu, err := m.factor(m.covariance(), dampingOfRounding, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := []float32{1, -2, .5}
	target := twoStreamTarget(f, m.crossCovariance(mu), w, 1)
	for r := range 5 { // target·x must be w·y, up to a constant
		var got, want float64
		for i := range k {
			got += target[i] * float64(x[r*k+i]-x[(r+1)*k+i])
			want += float64(w[i]) * float64(y[r*k+i]-y[(r+1)*k+i])
		}
		if math.Abs(got-want) > .05*(1+math.Abs(want)) {
			t.Errorf("row %d: %v, want %v", r, got, want)
		}
	}
}
