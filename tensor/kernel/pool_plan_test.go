package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"mixq/internal/isatest"
)

// Planned pooling computes what MaxPool and AvgPool compute, the mean to three
// roundings.
func TestPoolF32(t *testing.T) {
	cases := poolCases()
	for n := 5; n <= 24; n++ {
		same := Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}
		half := Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, CeilMode: n%2 == 0}
		third := Pool2dParams{KernelH: 2, KernelW: 5, StrideH: 3, StrideW: 3, PadLeft: 2, PadRight: 1}
		cases = append(cases, poolCase{n, 27 - n, same}, poolCase{n, 29 - n, half}, poolCase{n, 30 - n, third})
	}
	rng := rand.New(rand.NewPCG(4, 2))
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range cases {
			t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
				oh, ow := tt.p.OutSize(tt.h, tt.w)
				x := randoms(rng, poolPlanes*tt.h*tt.w)
				got, want := make([]float32, poolPlanes*oh*ow), make([]float32, poolPlanes*oh*ow)
				AvgPool(want, x, tt.p, tt.h, tt.w, Range{0, poolPlanes})
				runPool(t, NewAvgPoolF32(tt.p, tt.h, tt.w), got, x)
				for i, v := range got {
					if e := math.Abs(float64(v) - float64(want[i])); e > float64(tt.p.KernelH*tt.p.KernelW+3)*0x1p-23 {
						t.Fatalf("mean %d = %v, want %v", i, v, want[i])
					}
				}
				for i := 0; i < len(x); i += 29 {
					x[i] = float32(math.NaN())
				}
				MaxPool(want, x, tt.p, tt.h, tt.w, Range{0, poolPlanes})
				runPool(t, NewMaxPoolF32(tt.p, tt.h, tt.w), got, x)
				for i, v := range got {
					if v != want[i] && (v == v || want[i] == want[i]) {
						t.Fatalf("maximum %d = %v, want %v", i, v, want[i])
					}
				}
			})
		}
	})
}

// runPool runs c in two shares.
func runPool(t *testing.T, c *PoolF32, dst, x []float32) {
	t.Helper()
	scratch := nans(c.Scratch())
	c.Run(dst, x, Range{0, 1}, scratch)
	if a := testing.AllocsPerRun(1, func() { c.Run(dst, x, Range{1, poolPlanes}, scratch) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

// BenchmarkPoolF32 runs the pooling layers of ResNet and Inception V3.
func BenchmarkPoolF32(b *testing.B) {
	max := NewMaxPoolF32(Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}, 112, 112)
	avg := NewAvgPoolF32(Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1}, 35, 35)
	for _, bc := range []struct {
		name    string
		c       *PoolF32
		in, out int
		planes  int
	}{{"max3x3s2", max, 112 * 112, 56 * 56, 64}, {"avg3x3s1", avg, 35 * 35, 35 * 35, 192}} {
		b.Run(bc.name, func(b *testing.B) {
			x, y, scratch := make([]float32, bc.planes*bc.in), make([]float32, bc.planes*bc.out), make([]float32, bc.c.Scratch())
			b.SetBytes(int64(4 * (len(x) + len(y))))
			for b.Loop() {
				bc.c.Run(y, x, Range{0, bc.planes}, scratch)
			}
		})
	}
}
