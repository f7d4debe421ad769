package asm

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

// quantizeOracle is the code of x by exact arithmetic.
func quantizeOracle(x, scale float32, zero, top uint8) uint8 {
	switch {
	case x != x || math.IsInf(float64(x), -1):
		return 0
	case math.IsInf(float64(x), 1):
		return top
	}
	q := new(big.Rat).Quo(new(big.Rat).SetFloat64(float64(x)), new(big.Rat).SetFloat64(float64(scale)))
	code := 0
	for code < int(top) { // up while x is nearer to the next code, or as near and that is even
		half := big.NewRat(int64(2*(code-int(zero))+1), 2)
		if c := q.Cmp(half); c < 0 || c == 0 && (code-int(zero))%2 == 0 {
			break
		}
		code++
	}
	return uint8(code)
}

func checkQuantize(t *testing.T, x []float32, step int, scale float32, zero, top uint8) {
	t.Helper()
	dst := newGuarded[uint8](max(0, (len(x)-1)*step+1))
	for i := range dst.s {
		dst.s[i] = guardWord
	}
	QuantizeU8(dst.s, step, x, scale, zero, top)
	dst.check(t)
	for i, got := range dst.s {
		want := uint8(guardWord)
		if i%step == 0 {
			want = quantizeOracle(x[i/step], scale, zero, top)
		}
		if got != want {
			t.Fatalf("n=%d step=%d scale=%v zero=%d top=%d: element %d = %d, want %d", len(x), step, scale, zero, top, i, got, want)
		}
	}
}

// Values that are ties, next to ties, far outside or no numbers.
func TestQuantizeU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	isatest.Each(t, func(t *testing.T) {
		for n := range 40 {
			scale := float32(math.Exp(rng.NormFloat64() * 8))
			if n%2 == 0 {
				scale = float32(1+rng.IntN(1<<12)) * 0x1p-10 // so that there are ties
			}
			x := make([]float32, n)
			for i := range x {
				switch tie := scale * (float32(rng.IntN(300)-150) + 0.5); rng.IntN(6) {
				case 0, 1:
					x[i] = tie
				case 2:
					x[i] = math.Nextafter32(tie, inf)
				case 3:
					x[i] = math.Nextafter32(tie, -inf)
				case 4:
					x[i] = []float32{0, nan, inf, -inf, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}[rng.IntN(7)]
				case 5:
					x[i] = scale * float32(rng.NormFloat64()*100)
				}
			}
			checkQuantize(t, x, 1+n%4, scale, uint8(rng.IntN(256)), uint8(255-rng.IntN(100)))
		}
	})
	wantPanic(t, "QuantizeU8", badStride, func() { QuantizeU8(make([]uint8, 4), 0, make([]float32, 4), 1, 0, 255) })
	wantPanic(t, "QuantizeU8", shortDst, func() { QuantizeU8(make([]uint8, 9), 3, make([]float32, 4), 1, 0, 255) })
}

func BenchmarkQuantizeU8(b *testing.B) {
	x, dst := make([]float32, 4096), make([]uint8, 3*4096)
	for _, step := range []int{1, 3} {
		b.Run(fmt.Sprintf("step=%d", step), func(b *testing.B) {
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				QuantizeU8(dst, step, x, 0.1, 128, 255)
			}
		})
	}
}
