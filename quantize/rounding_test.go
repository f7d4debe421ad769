package quantize

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestRoundingNames(t *testing.T) {
	for _, want := range Roundings() {
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got Rounding
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%s is read as %v: %v", text, got, err)
		}
	}
	var r Rounding
	if err := r.UnmarshalText([]byte("up")); err == nil || !strings.Contains(err.Error(), "[descent gram nearest nearest-corrected adaround block]") {
		t.Errorf("error %v, want one with all names", err)
	}
}

// leastError is the least output error over all codes from lo to hi on the grid.
func leastError(h mat.Matrix, w []float64, lo, hi []int32, g grid) float64 {
	codes := make([]int8, len(w))
	least := math.Inf(1)
	var try func(i int)
	try = func(i int) {
		if i == len(w) {
			least = min(least, quadratic(h, w, codes, g))
			return
		}
		for c := lo[i]; c <= hi[i]; c++ {
			codes[i] = int8(c)
			try(i + 1)
		}
	}
	try(0)
	return least
}

// localMinimum reports whether no change of a single code lowers the error.
func localMinimum(h mat.Matrix, w []float64, codes []int8, g grid) bool {
	e := quadratic(h, w, codes, g) * (1 + 1e-9)
	for i := range codes {
		for c := g.lo; c <= g.hi; c++ {
			other := slices.Clone(codes)
			other[i] = int8(c)
			if quadratic(h, w, other, g) < e*(1-1e-8) {
				return false
			}
		}
	}
	return true
}

// Roundings by the Gram matrix against all codes that there are: none is better
// than the best ones on its grid, descent rests where no code can move alone, and
// AdaRound takes no code but the two around a weight.
func TestRoundingsBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	const k, bits, trials = 5, 2, 60
	best := map[Rounding]int{}
	for range trials {
		h := randomGram(rng, k)
		f, err := newGramFactor(k, h.At, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := normals(rng, k)
		for _, r := range []Rounding{GramTwoStream, CoordinateDescent, AdaRound} {
			codes, grids := make([]int8, k), make([]grid, 1)
			roundRows(codes, grids, w, bits, rounders[r].rows(f))
			g := grids[0]
			lo, hi := slices.Repeat([]int32{g.lo}, k), slices.Repeat([]int32{g.hi}, k)
			if r == AdaRound {
				for i, x := range w {
					low := g.clamp(math.Floor(x/float64(g.scale)) + float64(g.zero))
					lo[i], hi[i] = min(low, g.hi-1), min(low+1, g.hi)
					if c := int32(codes[i]); c < lo[i] || c > hi[i] {
						t.Errorf("AdaRound gives %v code %d, want %d or %d", x, c, lo[i], hi[i])
					}
				}
			}
			e, least := quadratic(h, w, codes, g), leastError(h, w, lo, hi, g)
			if e < least*(1-1e-9) {
				t.Fatalf("%v has error %v, the least is %v: the oracle fails", r, e, least)
			}
			best[r] += count(e <= least*(1+1e-9))
			if r == CoordinateDescent && !localMinimum(h, w, codes, g) {
				t.Errorf("descent stops with codes %v, which one move improves", codes)
			}
		}
	}
	t.Logf("the best codes in %d trials: %v", trials, best)
	for r, n := range best {
		if n < trials/2 {
			t.Errorf("%v finds the best codes in %d of %d trials, want a half", r, n, trials)
		}
	}
}

// On larger rows there is an order: each goes on from, or learns more than, the
// one before.
func TestRoundingsCompared(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	const k, n = 48, 8
	var sum [numRoundings]float64
	for range 4 {
		h := randomGram(rng, k)
		f, err := newGramFactor(k, h.At, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := normals(rng, n*k)
		for _, r := range Roundings() {
			codes, grids := make([]int8, n*k), make([]grid, n)
			roundRows(codes, grids, w, 3, rounders[r].rows(f))
			for o, g := range grids {
				sum[r] += quadratic(h, w[o*k:o*k+k], codes[o*k:o*k+k], g)
			}
		}
	}
	t.Logf("output errors: nearest %.4g, adaround %.4g, gram %.4g, descent %.4g", sum[Nearest], sum[AdaRound], sum[GramTwoStream], sum[CoordinateDescent])
	if sum[AdaRound] > sum[Nearest]/2 {
		t.Errorf("AdaRound's error is %v, that of nearest rounding %v; want less than half", sum[AdaRound], sum[Nearest])
	}
	if sum[CoordinateDescent] > .9*sum[GramTwoStream] {
		t.Errorf("descent's error is %v, that of its start %v; want a tenth less", sum[CoordinateDescent], sum[GramTwoStream])
	}
	if sum[AdaRound] > 1.5*sum[GramTwoStream] {
		t.Errorf("AdaRound's error is %v, that of Gram rounding %v; want about the same", sum[AdaRound], sum[GramTwoStream])
	}
}

// The closed form of the scale is where the error, a parabola in it, is least.
func TestDescentRescale(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	const k = 9
	h := randomGram(rng, k)
	f, err := newGramFactor(k, h.At, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := normals(rng, k)
	g := fitGrid(w, 3)
	codes := make([]int8, k)
	g.nearest(codes, w)
	d := newRowDescent(f, f.matrix(), w, f.times(f.matrix(), w), codes, &g)
	before := quadratic(h, w, codes, g)
	if e := inner(d.e, d.he); math.Abs(e-before) > 1e-9*before {
		t.Errorf("error %v, want %v", e, before)
	}
	d.rescale()
	e := quadratic(h, w, codes, g)
	if got := inner(d.e, d.he); math.Abs(got-e) > 1e-6*e {
		t.Errorf("error %v after rescaling, want %v", got, e)
	}
	for _, by := range []float32{.999, 1.001} {
		other := g
		other.scale *= by
		if o := quadratic(h, w, codes, other); o < e || e > before {
			t.Errorf("error %v, at %v of the scale %v, and %v before", e, by, o, before)
		}
	}
}

// The soft rounding starts at the weight itself, and its derivative is that of
// differences.
func TestAdaSoft(t *testing.T) {
	for p := .02; p < 1; p += .07 {
		v := adaLogit(p)
		h, slope := adaSoft(v)
		up, _ := adaSoft(v + 1e-4)
		down, _ := adaSoft(v - 1e-4)
		if math.Abs(h-p) > 1e-12 || math.Abs(slope-(up-down)/2e-4) > 1e-7 {
			t.Errorf("h(%v) is %v with slope %v, want %v and %v", v, h, slope, p, (up-down)/2e-4)
		}
	}
}
