package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"mixq/tensor"
)

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// costOf is a cost with a random S.
func costOf(rng *rand.Rand, channels int) *outputCost {
	h := randomGram(rng, channels)
	upper := make([]float64, channels*channels)
	for i := range channels {
		for j := i; j < channels; j++ {
			upper[i*channels+j] = h.At(i, j)
		}
	}
	c := &outputCost{channels: channels, threads: 2}
	c.s, c.root = normalised(upper, channels, 1)
	return c
}

func TestOutputCost(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	const n, channels, positions = 3, 5, 4
	c := costOf(rng, channels)
	y, want := narrow(normals(rng, n*channels*positions)), narrow(normals(rng, n*channels*positions))
	cost, dy := c.of(y, want, n)
	sum := 0.0
	for i := range n {
		for p := range positions {
			e := func(ch int) float64 {
				at := (i*channels+ch)*positions + p
				return float64(y[at]) - float64(want[at])
			}
			for a := range channels {
				for b := range channels {
					sum += e(a) * e(b) * float64(c.s[a*channels+b]) / n
				}
			}
		}
	}
	if math.Abs(cost-sum) > 1e-5*sum {
		t.Errorf("cost %v, want %v", cost, sum)
	}
	for i := range y {
		const d = 1. / 64 // the cost is a parabola: no error by its size
		was := y[i]
		y[i] = was + d
		up, _ := c.of(y, want, n)
		y[i] = was - d
		down, _ := c.of(y, want, n)
		y[i] = was
		if g := (up - down) / (2 * d); math.Abs(g-float64(dy[i])) > 1e-3*math.Sqrt(sum) {
			t.Fatalf("gradient %d is %v, want %v", i, dy[i], g)
		}
	}
}

// Random gradients have the covariance S at every position.
func TestOutputCostDraw(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	const channels, positions, draws = 3, 2, 4000
	c := costOf(rng, channels)
	sum := make([]float64, channels*channels)
	dy := make([]float32, channels*positions)
	for range draws {
		c.draw(dy, rng)
		for a := range channels {
			for b := range channels {
				sum[a*channels+b] += float64(dy[a*positions]) * float64(dy[b*positions]) / draws
			}
		}
	}
	for i, v := range sum {
		if math.Abs(v-float64(c.s[i])) > 6/math.Sqrt(draws) {
			t.Errorf("covariance %d is %v, want %v", i, v, c.s[i])
		}
	}
}

// At the logits S is the mean Fisher information diag(p) − p·pᵀ.
func TestOutputCostOfLogits(t *testing.T) {
	const n, classes = 512, 3
	y := tensor.New(tensor.Float32, n, classes)
	for i := range n {
		copy(y.Float32()[i*classes:], []float32{1, 0, -1})
	}
	c, err := newOutputCost(context.Background(), nil, y, Config{Seed: 1, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	p, trace := softmax([]float32{1, 0, -1}), 1.0
	for _, v := range p {
		trace -= v * v
	}
	for a := range classes {
		for b := range classes {
			want := -p[a] * p[b]
			if a == b {
				want += p[a]
			}
			if got := float64(c.s[a*classes+b]); math.Abs(got-want/trace*classes) > .15 {
				t.Errorf("S[%d,%d] is %v, want %v", a, b, got, want/trace*classes)
			}
		}
	}
}
