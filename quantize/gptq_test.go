package quantize

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// randomGram is AᵀA + µI for a random A with correlated columns.
func randomGram(rng *rand.Rand, k int) *mat.SymDense {
	a := mat.NewDense(3*k, k, nil)
	for i := range 3 * k {
		common := rng.NormFloat64()
		for j := range k {
			a.Set(i, j, common+rng.NormFloat64()*float64(j+1)/float64(k))
		}
	}
	h := mat.NewSymDense(k, nil)
	h.SymOuterK(1, a.T())
	for i := range k {
		h.SetSym(i, i, h.At(i, i)+.01)
	}
	return h
}

// quadratic is (w−q)ᵀH(w−q), the output error of rounding w to codes.
func quadratic(h mat.Matrix, w []float64, codes []int8, g grid) float64 {
	d := mat.NewVecDense(len(w), nil)
	for i := range w {
		d.SetVec(i, w[i]-g.real(int32(codes[i])))
	}
	return mat.Inner(d, h, d)
}

// With an orthogonal input there is nothing to compensate.
func TestGramRoundIdentity(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	const k = 17
	h := mat.NewSymDense(k, nil)
	for i := range k {
		h.SetSym(i, i, 2)
	}
	f, err := newGramFactor(h.SymmetricDim(), h.At, 2)
	if err != nil {
		t.Fatal(err)
	}
	w := normals(rng, k)
	g := fitGrid(w, 3)
	got, want := make([]int8, k), make([]int8, k)
	f.round(got, w, []grid{g})
	g.nearest(want, w)
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("code %d is %d, nearest is %d", i, got[i], want[i])
		}
	}
}

// The greedy step is the conditional optimum: after fixing a column, the
// others move to the minimum of the quadratic form. For two columns the exact
// answer can be worked out: the second is the rounding of
// w₂ + (w₁−q₁)·H₁₂/H₂₂.
func TestGramRoundTwoColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		h := randomGram(rng, 2)
		f, err := newGramFactor(h.SymmetricDim(), h.At, 2)
		if err != nil {
			t.Fatal(err)
		}
		w := normals(rng, 2)
		g := grid{scale: .4, lo: -8, hi: 7}
		codes := make([]int8, 2)
		f.round(codes, w, []grid{g})
		a, b := f.order[1], f.order[0] // rounding goes from the last to the first
		if h.At(a, a) < h.At(b, b) {
			t.Fatalf("column %d goes first with diagonal %v < %v", a, h.At(a, a), h.At(b, b))
		}
		if want := g.round(w[a]); int32(codes[a]) != want {
			t.Fatalf("first code %d, want %d", codes[a], want)
		}
		x := w[b] + (w[a]-g.real(int32(codes[a])))*h.At(a, b)/h.At(b, b)
		if frac := math.Abs(x/.4 - math.Floor(x/.4) - .5); frac > 1e-6 && int32(codes[b]) != g.round(x) {
			t.Fatalf("second code %d, want %d", codes[b], g.round(x))
		}
	}
}

func TestGramRoundBeatsNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	var gram, nearest float64
	const k = 40
	for range 20 {
		h := randomGram(rng, k)
		f, err := newGramFactor(h.SymmetricDim(), h.At, 2)
		if err != nil {
			t.Fatal(err)
		}
		w := normals(rng, k)
		g := fitGrid(w, 3)
		codes := make([]int8, k)
		f.round(codes, w, []grid{g})
		gram += quadratic(h, w, codes, g)
		g.nearest(codes, w)
		nearest += quadratic(h, w, codes, g)
	}
	if gram > nearest/2 {
		t.Errorf("output error %v, nearest rounding has %v; want less than half", gram, nearest)
	}
}

// The factor and the solver against gonum's, on sizes around the blocks.
func TestCholesky(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 4))
	for _, k := range []int{1, 2, 9, 95, 96, 97, 230} {
		h := randomGram(rng, k)
		f, err := newGramFactor(k, h.At, 2)
		if err != nil {
			t.Fatal(err)
		}
		for i := range k {
			for j := i; j < k; j++ {
				sum := 0.0
				for l := range k {
					sum += f.g[l*k+i] * f.g[l*k+j]
				}
				if want := h.At(f.order[i], f.order[j]); math.Abs(sum-want) > 1e-11*math.Sqrt(h.At(f.order[i], f.order[i])*h.At(f.order[j], f.order[j])) {
					t.Fatalf("k=%d: (GᵀG)[%d,%d] is %v, want %v", k, i, j, sum, want)
				}
			}
		}
		b := mat.NewDense(k, 3, normals(rng, 3*k))
		var chol mat.Cholesky
		var want mat.Dense
		if !chol.Factorize(h) || chol.SolveTo(&want, b) != nil {
			t.Fatal("the oracle fails")
		}
		f.solve(b.RawMatrix().Data, 3, 2)
		want.Sub(&want, b)
		if e := mat.Norm(&want, 2); e > 1e-8*mat.Norm(b, 2) {
			t.Errorf("k=%d: solutions differ by %v", k, e)
		}
	}
}

// Rounding in blocks is rounding column by column.
func TestGramRoundBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 5))
	for _, k := range []int{1, 63, 64, 65, 200} {
		h := randomGram(rng, k)
		f, err := newGramFactor(k, h.At, 1)
		if err != nil {
			t.Fatal(err)
		}
		const rows = 3
		w := normals(rng, rows*k)
		grids := []grid{fitGrid(w[:k], 3), fitGrid(w[k:2*k], 4), fitGrid(w[2*k:], 8)}
		codes := make([]int8, rows*k)
		f.round(codes, w, grids)
		for r, g := range grids {
			e := make([]float64, k)
			for j := k - 1; j >= 0; j-- {
				x := w[r*k+f.order[j]]
				target := x
				for l := j + 1; l < k; l++ {
					target += f.g[j*k+l] * e[l] / f.g[j*k+j]
				}
				q := int32(codes[r*k+f.order[j]])
				if lo, hi := g.real(q)-.501*float64(g.scale), g.real(q)+.501*float64(g.scale); q > g.lo && target < lo || q < g.hi && target > hi {
					t.Fatalf("k=%d, row %d, column %d: %v was rounded to %v", k, r, j, target, g.real(q))
				}
				e[j] = x - g.real(q)
			}
		}
	}
}

func TestGramFactorSingular(t *testing.T) {
	if _, err := newGramFactor(3, mat.NewSymDense(3, nil).At, 1); err == nil {
		t.Error("the zero matrix was factored")
	}
}
