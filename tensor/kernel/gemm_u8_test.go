package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mixq/asm"
	"mixq/internal/isatest"
)

// gemmU8Data is a random product with weights of the given bits.
type gemmU8Data struct {
	g       asm.GemmU8
	m, n, k int
	lda     int
	a       []uint8
	w       []int8
	packed  []byte
	scratch []int32
}

func newGemmU8Data(rng *rand.Rand, wbits, m, n, k int) gemmU8Data {
	g := asm.GemmU8For(wbits)
	d := gemmU8Data{g: g, m: m, n: n, k: k, lda: roundUp(k, g.KR) + 3}
	d.a = make([]uint8, max(0, m-1)*d.lda+roundUp(k, g.KR))
	for i := range d.a {
		d.a[i] = uint8(rng.Uint32())
	}
	d.w = make([]int8, n*k)
	for i := range d.w {
		d.w[i] = int8(rng.IntN(1<<wbits) - 1<<(wbits-1))
	}
	d.packed = make([]byte, g.PackedBytes(n, k))
	g.Pack(d.packed, d.w, n, k)
	d.scratch = make([]int32, GemmU8Scratch(g))
	return d
}

// sums is the product by the loop of the definition.
func (d gemmU8Data) sums() []int32 {
	c := make([]int32, d.m*d.n)
	for i := range d.m {
		for j := range d.n {
			for l := range d.k {
				c[i*d.n+j] += int32(d.a[i*d.lda+l]) * int32(d.w[j*d.k+l])
			}
		}
	}
	return c
}

// gemmU8Sizes includes fewer rows than any tile has, and edges of both kinds.
var gemmU8Sizes = []struct{ m, n, k int }{{0, 3, 4}, {1, 10, 64}, {3, 16, 5}, {7, 17, 27}, {13, 33, 0}, {64, 24, 144}, {25, 1, 9}}

func TestGemmU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	isatest.Each(t, func(t *testing.T) {
		for wbits := 2; wbits <= 8; wbits++ {
			for _, s := range gemmU8Sizes {
				d := newGemmU8Data(rng, wbits, s.m, s.n, s.k)
				ldc := s.n + 2
				c := make([]int32, s.m*ldc)
				for i := range c {
					c[i] = guard
				}
				GemmU8(d.g, c, ldc, d.a, d.lda, d.packed, s.m, s.n, s.k, d.scratch)
				want := d.sums()
				for p, got := range c {
					i, j := p/ldc, p%ldc
					if j >= s.n && got != guard || j < s.n && got != want[i*s.n+j] {
						t.Fatalf("bits=%d %+v: c[%d][%d] = %d", wbits, s, i, j, got)
					}
				}
			}
		}
	})
}

// The output stage by tiles must be what it is on the whole matrix of sums.
func TestGemmU8Requant(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	isatest.Each(t, func(t *testing.T) {
		for flags := range 4 {
			for _, s := range gemmU8Sizes {
				d := newGemmU8Data(rng, 4, s.m, s.n, s.k)
				q := asm.Requant{DstStride: s.n, Rows: s.m, Cols: s.n, Hi: 255, Zero: 100,
					Bias: make([]int32, s.n), Mult: make([]float32, s.n)}
				for j := range s.n {
					q.Bias[j], q.Mult[j] = int32(rng.IntN(200)), rng.Float32()*0.02
				}
				whole := q
				whole.Acc, whole.AccStride = d.sums(), s.n
				if flags&1 != 0 {
					whole.WZero, whole.Sums = make([]int32, s.n), make([]int32, s.m)
					for j := range whole.WZero {
						whole.WZero[j] = int32(rng.IntN(16) - 8)
					}
					for i := range whole.Sums {
						whole.Sums[i] = asm.SumU8(d.a[i*d.lda:][:s.k])
					}
					q.WZero = whole.WZero
				}
				if flags&2 != 0 {
					q.Res, q.ResStride, q.ResZero, q.ResMult = make([]uint8, s.m*s.n), s.n, 3, 0.7
					for i := range q.Res {
						q.Res[i] = uint8(rng.Uint32())
					}
					whole.Res, whole.ResStride, whole.ResZero, whole.ResMult = q.Res, s.n, 3, 0.7
				}
				q.Dst, whole.Dst = make([]uint8, s.m*s.n), make([]uint8, s.m*s.n)
				whole.Run()
				GemmU8Requant(d.g, q, d.a, d.lda, d.packed, s.k, d.scratch)
				if string(q.Dst) != string(whole.Dst) {
					t.Fatalf("flags=%d %+v: tiles give %v, the whole %v", flags, s, q.Dst, whole.Dst)
				}
			}
		}
	})
}

func TestGemmU8RequantDoesNotAllocate(t *testing.T) {
	d := newGemmU8Data(rand.New(rand.NewPCG(3, 1)), 4, 30, 16, 36)
	q := asm.Requant{Dst: make([]uint8, 480), DstStride: 16, Rows: 30, Cols: 16, Bias: make([]int32, 16), Mult: make([]float32, 16), Hi: 255}
	if n := testing.AllocsPerRun(10, func() { GemmU8Requant(d.g, q, d.a, d.lda, d.packed, d.k, d.scratch) }); n != 0 {
		t.Errorf("GemmU8Requant allocates %v times, want 0", n)
	}
}

// BenchmarkGemmU8 covers the products of ResNet-20's layers.
func BenchmarkGemmU8(b *testing.B) {
	for _, wbits := range []int{4, 8} {
		for _, s := range []struct{ m, n, k int }{{1024, 16, 144}, {256, 32, 288}, {64, 64, 576}} {
			b.Run(fmt.Sprintf("bits=%d/shape=%dx%dx%d", wbits, s.m, s.n, s.k), func(b *testing.B) {
				d := newGemmU8Data(rand.New(rand.NewPCG(1, 1)), wbits, s.m, s.n, s.k)
				q := asm.Requant{Dst: make([]uint8, s.m*s.n), DstStride: s.n, Rows: s.m, Cols: s.n,
					Bias: make([]int32, s.n), Mult: make([]float32, s.n), WZero: make([]int32, s.n), Hi: 255}
				for b.Loop() {
					GemmU8Requant(d.g, q, d.a, d.lda, d.packed, s.k, d.scratch)
				}
				macs := float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N)
				b.ReportMetric(macs/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
	}
}
