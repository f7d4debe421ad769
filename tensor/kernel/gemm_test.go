package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"mixq/asm"
	"mixq/internal/isatest"
)

// guard is a value that no kernel may overwrite.
const guard = 12345

// guarded returns n elements of x between guard words, and a check of them.
func guarded(x []float32) (s []float32, check func(t *testing.T)) {
	const pad = 64
	buf := make([]float32, len(x)+2*pad)
	for i := range buf {
		buf[i] = guard
	}
	s = buf[pad : pad+len(x) : pad+len(x)]
	copy(s, x)
	return s, func(t *testing.T) {
		t.Helper()
		for i, v := range buf {
			if (i < pad || i >= pad+len(x)) && v != guard {
				t.Fatalf("stray write at element %d of %d", i-pad, len(x))
			}
		}
	}
}

func randF32(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rng.Float32()*2 - 1
	}
	return x
}

// gemmOracle computes element (i, j) of alpha*op(A)*op(B) + beta*C in float64,
// and the sum of the magnitudes of its terms.
func gemmOracle(tt gemmCase, a, b, c []float32, i, j int) (sum, magnitude float64) {
	for l := range tt.k {
		p := float64(tt.alpha) * float64(a[offset(tt.transA, i, l, tt.lda)]) * float64(b[offset(tt.transB, l, j, tt.ldb)])
		sum += p
		magnitude += math.Abs(p)
	}
	if tt.beta != 0 {
		p := float64(tt.beta) * float64(c[i*tt.ldc+j])
		sum += p
		magnitude += math.Abs(p)
	}
	return sum, magnitude
}

type gemmCase struct {
	transA, transB bool
	m, n, k        int
	lda, ldb, ldc  int
	alpha, beta    float32
}

// newGemmCase sets leading dimensions pad longer than the rows.
func newGemmCase(transA, transB bool, m, n, k, pad int, alpha, beta float32) gemmCase {
	tt := gemmCase{transA, transB, m, n, k, k + pad, n + pad, n + pad, alpha, beta}
	if transA {
		tt.lda = m + pad
	}
	if transB {
		tt.ldb = k + pad
	}
	return tt
}

func checkGemmCase(t *testing.T, tt gemmCase) {
	rng := rand.New(rand.NewPCG(1, uint64(tt.m*10007+tt.n*101+tt.k)))
	a := randF32(rng, max(tt.m, tt.k)*tt.lda)
	b := randF32(rng, max(tt.n, tt.k)*tt.ldb)
	old := randF32(rng, tt.m*tt.ldc)
	c, checkC := guarded(old)
	scratch, checkScratch := guarded(make([]float32, GemmScratch(tt.m, tt.n, tt.k)))
	Gemm(tt.transA, tt.transB, tt.m, tt.n, tt.k, tt.alpha, a, tt.lda, b, tt.ldb, tt.beta, c, tt.ldc, scratch)
	checkC(t)
	checkScratch(t)
	for i := range tt.m {
		for j := range tt.ldc {
			got := c[i*tt.ldc+j]
			if j >= tt.n {
				if got != old[i*tt.ldc+j] {
					t.Fatalf("%+v: wrote past the end of row %d", tt, i)
				}
				continue
			}
			want, magnitude := gemmOracle(tt, a, b, old, i, j)
			// k+3 roundings of half an ulp each, on partial sums within the magnitude.
			tol := float64(tt.k+3) * 0x1p-24 * magnitude
			if !(math.Abs(float64(got)-want) <= tol) {
				t.Fatalf("%+v: c[%d][%d] = %v, want %v within %v", tt, i, j, got, want, tol)
			}
		}
	}
}

func TestGemm(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, transA := range []bool{false, true} {
			for _, transB := range []bool{false, true} {
				for _, s := range []struct{ m, n, k, pad int }{
					{0, 3, 2, 0}, {3, 0, 2, 0}, {3, 5, 0, 1}, {1, 1, 1, 0}, {16, 100, 27, 0},
					{64, 65, 577, 3}, {241, 33, 40, 0}, {5, 1030, 17, 1}, {7, 9, 513, 2},
				} {
					for _, f := range []struct{ alpha, beta float32 }{{1, 0}, {1, 1}, {-0.5, 2}, {0, 0.25}} {
						checkGemmCase(t, newGemmCase(transA, transB, s.m, s.n, s.k, s.pad, f.alpha, f.beta))
					}
				}
			}
		}
	})
}

func TestGemmEverySize(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for n := range 100 {
			checkGemmCase(t, newGemmCase(false, false, n, 17, 9, 0, 1, 1))
			checkGemmCase(t, newGemmCase(false, true, 13, n, 9, 0, 1, 1))
			checkGemmCase(t, newGemmCase(true, false, 9, 20, n, 0, 1, 1))
		}
	})
}

func TestGemmIgnoresOldCWhenBetaIsZero(t *testing.T) {
	c := []float32{float32(math.NaN())}
	Gemm(false, false, 1, 1, 1, 1, []float32{2}, 1, []float32{3}, 1, 0, c, 1, make([]float32, GemmScratch(1, 1, 1)))
	if c[0] != 6 {
		t.Errorf("c = %v, want 6", c[0])
	}
}

// The value of an element may not depend on what else is computed with it.
func TestGemmSplitsWithoutChangingBits(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		const m, n, k = 50, 70, 600
		rng := rand.New(rand.NewPCG(1, 2))
		a, b, c := randF32(rng, m*k), randF32(rng, k*n), make([]float32, m*n)
		scratch := make([]float32, GemmScratch(m, n, k))
		Gemm(false, false, m, n, k, 1, a, k, b, n, 0, c, n, scratch)
		part := make([]float32, m*n)
		for i := 0; i < m; i += 7 {
			for j := 0; j < n; j += 11 {
				Gemm(false, false, min(7, m-i), min(11, n-j), k, 1, a[i*k:], k, b[j:], n, 0, part[i*n+j:], n, scratch)
			}
		}
		for i := range c {
			if c[i] != part[i] {
				t.Fatalf("element %d: %v whole, %v in parts", i, c[i], part[i])
			}
		}
	})
}

func TestGemmPackedContinuesPanels(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		const m, n, k, l0 = 19, 37, 50, 21
		g := asm.GemmF32For()
		rng := rand.New(rand.NewPCG(3, 4))
		a, b := randF32(rng, m*k), randF32(rng, k*n)
		pa, pb := make([]float32, PackASize(g, m, k)), make([]float32, PackBSize(g, k, n))
		PackA(g, pa, a, k, false, m, k, 1)
		PackB(g, pb, b, n, false, k, n)
		tile := make([]float32, g.MR*g.NR)
		want, got := make([]float32, m*n), make([]float32, m*n)
		GemmPacked(g, want, n, pa, k, pb, k, m, n, k, tile)
		GemmPacked(g, got, n, pa, k, pb, k, m, n, l0, tile)
		GemmPacked(g, got, n, pa[l0*g.MR:], k, pb[l0*g.NR:], k, m, n, k-l0, tile)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("element %d: %v in two calls, %v in one", i, got[i], want[i])
			}
		}
	})
}

func TestGemmPanics(t *testing.T) {
	one := make([]float32, 100)
	for _, tt := range []struct {
		name, want string
		call       func()
	}{
		{"size", badGemmSize, func() { Gemm(false, false, -1, 1, 1, 1, one, 1, one, 1, 0, one, 1, one) }},
		{"stride", badGemmLD, func() { Gemm(false, false, 2, 2, 2, 1, one, 1, one, 2, 0, one, 2, one) }},
		{"scratch", shortScratch, func() { Gemm(false, false, 2, 2, 2, 1, one, 2, one, 2, 0, one, 2, nil) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if v := recover(); v != tt.want {
					t.Errorf("recovered %v, want %q", v, tt.want)
				}
			}()
			tt.call()
		})
	}
}

// BenchmarkGemm covers a large square and the products of ResNet-20's layers.
func BenchmarkGemm(b *testing.B) {
	for _, s := range []struct{ m, n, k int }{
		{1024, 1024, 1024}, {16, 1024, 144}, {32, 256, 288}, {64, 64, 576}, {64, 10, 128},
	} {
		b.Run(fmt.Sprintf("shape=%dx%dx%d", s.m, s.n, s.k), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			x, y, z := randF32(rng, s.m*s.k), randF32(rng, s.k*s.n), make([]float32, s.m*s.n)
			scratch := make([]float32, GemmScratch(s.m, s.n, s.k))
			for b.Loop() {
				Gemm(false, false, s.m, s.n, s.k, 1, x, s.k, y, s.n, 0, z, s.n, scratch)
			}
			macs := float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N)
			b.ReportMetric(macs/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
