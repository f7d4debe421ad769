package quantize

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The covariance of the draws is diag(p) − p·pᵀ.
func TestFisherDraw(t *testing.T) {
	y := []float32{1, -.5, 2, 0}
	var p []float64
	sum := 0.0
	for _, v := range y {
		p = append(p, math.Exp(float64(v)))
		sum += math.Exp(float64(v))
	}
	const draws = 40000
	var cov [4][4]float64
	rng := rand.New(rand.NewPCG(5, 1))
	for range draws {
		r := fisherDraw(y, 0, rng)
		total := 0.0
		for i := range r {
			total += float64(r[i])
			for j := range r {
				cov[i][j] += float64(r[i]) * float64(r[j]) / draws
			}
		}
		if math.Abs(total) > 1e-6 {
			t.Fatalf("a draw sums to %v; softmax does not change when all logits do", total)
		}
	}
	for i := range p {
		for j := range p {
			want := -p[i] / sum * p[j] / sum
			if i == j {
				want += p[i] / sum
			}
			if math.Abs(cov[i][j]-want) > 5/math.Sqrt(draws)*.5 { // 5 standard errors of entries below 1/4
				t.Errorf("covariance[%d,%d] is %v, want %v", i, j, cov[i][j], want)
			}
		}
	}
}

func TestDot(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	for n := range 40 {
		a, b := make([]float32, n), make([]float32, n)
		want := 0.0
		for i := range a {
			a[i], b[i] = rng.Float32(), rng.Float32()-.5
			want += float64(a[i]) * float64(b[i])
		}
		if got := dot(a, b); math.Abs(got-want) > 1e-13 {
			t.Errorf("n=%d: %v, want %v", n, got, want)
		}
	}
}

func TestKL(t *testing.T) {
	a := []float32{0, float32(math.Log(3))} // 1/4, 3/4
	b := []float32{0, 0}
	want := .25*math.Log(.5) + .75*math.Log(1.5)
	if got := kl(a, b); math.Abs(got-want) > 1e-7 {
		t.Errorf("KL is %v, want %v", got, want)
	}
	if got := kl(a, []float32{5, 5 + a[1]}); math.Abs(got) > 1e-7 {
		t.Errorf("KL of shifted logits is %v, want 0", got)
	}
}
