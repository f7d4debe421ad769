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
	f, err := newGramFactor(h)
	if err != nil {
		t.Fatal(err)
	}
	w := normals(rng, k)
	g := fitGrid(w, 3)
	got, want := make([]int8, k), make([]int8, k)
	f.round(got, w, g, make([]float64, k))
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
		f, err := newGramFactor(h)
		if err != nil {
			t.Fatal(err)
		}
		w := normals(rng, 2)
		g := grid{scale: .4, lo: -8, hi: 7}
		codes := make([]int8, 2)
		f.round(codes, w, g, make([]float64, 2))
		a, b := f.order[0], f.order[1]
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
		f, err := newGramFactor(h)
		if err != nil {
			t.Fatal(err)
		}
		w := normals(rng, k)
		g := fitGrid(w, 3)
		codes := make([]int8, k)
		f.round(codes, w, g, make([]float64, k))
		gram += quadratic(h, w, codes, g)
		g.nearest(codes, w)
		nearest += quadratic(h, w, codes, g)
	}
	if gram > nearest/2 {
		t.Errorf("output error %v, nearest rounding has %v; want less than half", gram, nearest)
	}
}

func TestGramFactorSingular(t *testing.T) {
	if _, err := newGramFactor(mat.NewSymDense(3, nil)); err == nil {
		t.Error("the zero matrix was factored")
	}
}
