package asm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isa"
)

// eachGemmF32 runs f on every row of the table that this machine can run.
func eachGemmF32(tb testing.TB, f func(g GemmF32)) {
	for _, g := range gemmF32s {
		if slices.Contains(isa.Available(), g.Level) {
			f(g)
		} else {
			tb.Logf("%s: level %v is not available", g.Name, g.Level)
		}
	}
}

// checkGemmF32Kernel compares one tile with float64 arithmetic.
func checkGemmF32Kernel(t *testing.T, g GemmF32, ldc, k int, value func(i int) float32) {
	t.Helper()
	a, b := newGuarded[float32](k*g.MR), newGuarded[float32](k*g.NR)
	c := newGuarded[float32]((g.MR-1)*ldc + g.NR)
	for i := range a.s {
		a.s[i] = value(i)
	}
	for i := range b.s {
		b.s[i] = value(i + 7919)
	}
	for i := range c.s {
		c.s[i] = value(i + 104729)
	}
	old := slices.Clone(c.s)
	g.Run(c.s, ldc, a.s, b.s, k)
	a.check(t)
	b.check(t)
	c.check(t)
	for p, got := range c.s {
		i, j := p/ldc, p%ldc
		if j >= g.NR {
			if got != old[p] {
				t.Fatalf("%s: k=%d: wrote between rows %d and %d", g.Name, k, i, i+1)
			}
			continue
		}
		want := float64(old[p])
		magnitude := math.Abs(want)
		for l := range k {
			v := float64(a.s[l*g.MR+i]) * float64(b.s[l*g.NR+j])
			want += v
			magnitude += math.Abs(v)
		}
		// At most two roundings per step, each half an ulp of a partial sum.
		if tol := float64(2*k) * 0x1p-24 * magnitude; !(math.Abs(float64(got)-want) <= tol) {
			t.Fatalf("%s: k=%d: c[%d][%d] = %v, want %v within %v", g.Name, k, i, j, got, want, tol)
		}
	}
}

func TestGemmF32(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := map[string]func(i int) float32{
		"random": func(int) float32 { return rng.Float32()*2 - 1 },
		"exact":  func(i int) float32 { return float32(i%17 - 8) }, // every sum is an integer below 2^24
		"wide":   func(int) float32 { return float32(math.Ldexp(rng.Float64()-0.5, rng.IntN(40)-20)) },
	}
	eachGemmF32(t, func(g GemmF32) {
		for name, value := range values {
			t.Run(g.Name+"/"+name, func(t *testing.T) {
				for k := range 100 {
					checkGemmF32Kernel(t, g, g.NR+k%3, k, value)
				}
			})
		}
	})
}

// A chain over k may be cut anywhere: blocking must not show.
func TestGemmF32ContinuesChain(t *testing.T) {
	const k, cut = 64, 23
	rng := rand.New(rand.NewPCG(2, 1))
	eachGemmF32(t, func(g GemmF32) {
		a, b := make([]float32, k*g.MR), make([]float32, k*g.NR)
		for i := range a {
			a[i] = rng.Float32() - 0.5
		}
		for i := range b {
			b[i] = rng.Float32() - 0.5
		}
		whole, parts := make([]float32, g.MR*g.NR), make([]float32, g.MR*g.NR)
		g.Run(whole, g.NR, a, b, k)
		g.Run(parts, g.NR, a, b, cut)
		g.Run(parts, g.NR, a[cut*g.MR:], b[cut*g.NR:], k-cut)
		if !slices.Equal(whole, parts) {
			t.Errorf("%s: a sum cut at %d differs from the whole", g.Name, cut)
		}
	})
}

func TestGemmF32Panics(t *testing.T) {
	eachGemmF32(t, func(g GemmF32) {
		a, b, c := make([]float32, 2*g.MR), make([]float32, 2*g.NR), make([]float32, g.MR*g.NR)
		for want, call := range map[string]func(){
			badSize:   func() { g.Run(c, g.NR, a, b, -1) },
			badStride: func() { g.Run(c, g.NR-1, a, b, 2) },
			shortA:    func() { g.Run(c, g.NR, a[1:], b, 2) },
			shortB:    func() { g.Run(c, g.NR, a, b[1:], 2) },
			shortC:    func() { g.Run(c[1:], g.NR, a, b, 2) },
		} {
			wantPanic(t, g.Name, want, call)
		}
	})
}

// FuzzGemmF32 compares every kernel with float64 arithmetic.
func FuzzGemmF32(f *testing.F) {
	f.Add([]byte{1, 2, 3, 250}, uint16(9), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, k uint16, pad uint8) {
		if len(data) == 0 {
			return
		}
		value := func(i int) float32 { return float32(int8(data[i%len(data)])) * (1 + float32(i%31)/64) }
		eachGemmF32(t, func(g GemmF32) { checkGemmF32Kernel(t, g, g.NR+int(pad), int(k%512), value) })
	})
}

// BenchmarkGemmF32 multiplies panels that are in the first-level cache.
func BenchmarkGemmF32(b *testing.B) {
	eachGemmF32(b, func(g GemmF32) {
		for _, k := range []int{144, 256} {
			b.Run(fmt.Sprintf("%s/k=%d", g.Name, k), func(b *testing.B) {
				x, y, z := make([]float32, k*g.MR), make([]float32, k*g.NR), make([]float32, g.MR*g.NR)
				for b.Loop() {
					g.Run(z, g.NR, x, y, k)
				}
				reportGMACs(b, g.MR*g.NR*k)
			})
		}
	})
}
