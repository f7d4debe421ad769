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

// Tile must give the bits of its definition in terms of Run and FinishF32.
func TestGemmF32Tile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	normal := func(n int) guarded[float32] {
		g := newGuarded[float32](n)
		for i := range g.s {
			g.s[i] = float32(r.NormFloat64())
		}
		return g
	}
	eachGemmF32(t, func(g GemmF32) {
		size := g.MR * g.NR
		for k := range 40 {
			for mode := range 8 {
				fresh, finish, residual := mode&1 != 0, mode&2 != 0, mode&4 != 0
				a, b, sums, bias := normal(k*g.MR), normal(k*g.NR), normal(size), normal(g.MR)
				stride := g.NR + k%3
				dst := normal((g.MR-1)*stride + g.NR)
				a0, want, wantDst := slices.Clone(sums.s), slices.Clone(sums.s), slices.Clone(dst.s)
				if fresh {
					clear(want)
					sums.s[0] = float32(math.NaN())
				}
				g.Run(want, g.NR, a.s, b.s, k)
				var end EndF32
				if finish {
					end = EndF32{Dst: dst.s, Stride: stride, Bias: bias.s, Lo: -.5, Hi: 1}
					var res []float32
					if residual {
						end.Res = dst.s
					}
					for i := range g.MR {
						row := wantDst[i*stride:][:g.NR]
						if residual {
							res = row
						}
						FinishF32(row, want[i*g.NR:][:g.NR], bias.s[i], res, -.5, 1)
					}
				}
				g.Tile(sums.s, a.s, b.s, k, fresh, end)
				sums.check(t)
				dst.check(t)
				if !finish && !slices.Equal(sums.s, want) {
					t.Fatalf("%s: k=%d, fresh %v: sums are wrong, were %v", g.Name, k, fresh, a0[:2])
				}
				if !slices.Equal(dst.s, wantDst) {
					t.Fatalf("%s: k=%d, fresh %v, residual %v: the output is wrong", g.Name, k, fresh, residual)
				}
			}
		}
	})
}

func TestGemmF32TilePanics(t *testing.T) {
	eachGemmF32(t, func(g GemmF32) {
		n := g.MR * g.NR
		x := make([]float32, n)
		end := EndF32{Dst: x, Res: x, Stride: g.NR, Bias: x[:g.MR]}
		tile := func(f func(e *EndF32)) func() {
			e := end
			f(&e)
			return func() { g.Tile(x, x, x, 1, true, e) }
		}
		for want, call := range map[string]func(){
			badSize:   func() { g.Tile(x, x, x, -1, true, EndF32{}) },
			shortC:    func() { g.Tile(x[1:], x, x, 1, true, EndF32{}) },
			shortA:    func() { g.Tile(x, x[:g.MR-1], x, 1, true, EndF32{}) },
			shortB:    func() { g.Tile(x, x, x[:g.NR-1], 1, true, EndF32{}) },
			badStride: tile(func(e *EndF32) { e.Stride-- }),
			shortDst:  tile(func(e *EndF32) { e.Dst = x[1:] }),
			shortBias: tile(func(e *EndF32) { e.Bias = x[:g.MR-1] }),
			shortRes:  tile(func(e *EndF32) { e.Res = x[1:] }),
		} {
			wantPanic(t, g.Name, want, call)
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
