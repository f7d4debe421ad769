package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// BenchmarkConvU8 covers the layers of ResNet-20.
func BenchmarkConvU8(b *testing.B) {
	for _, s := range []struct {
		name                  string
		c, h, o, stride, bits int
	}{
		{"stem/bits=8", 3, 32, 16, 1, 8},
		{"cifar16/bits=4", 16, 32, 16, 1, 4},
		{"cifar32/bits=4", 32, 16, 32, 1, 4},
		{"cifar64/bits=4", 64, 8, 64, 1, 4},
		{"cifar32s2/bits=4", 16, 32, 32, 2, 4},
		{"cifar64/bits=8", 64, 8, 64, 1, 8},
	} {
		b.Run("shape="+s.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			p := Conv2dParams{KernelH: 3, KernelW: 3, StrideH: s.stride, StrideW: s.stride, DilationH: 1, DilationW: 1,
				PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, Groups: 1}
			l := LayerU8{WScale: make([]float32, s.o), WZero: make([]int32, s.o),
				X: Grid{0.1, 3, 255}, Y: &Grid{0.1, 3, 255}, Act: Clamp{0, float32(math.Inf(1))}}
			weights := make([]int8, s.o*s.c*9)
			for i := range weights {
				weights[i] = int8(rng.IntN(1<<s.bits) - 1<<(s.bits-1))
			}
			l.Weight = Pack(weights, s.o, s.c*9, s.bits)
			for i := range l.WScale {
				l.WScale[i] = 0.01
			}
			conv, err := NewConvU8(p, s.c, s.h, s.h, s.o, l)
			if err != nil {
				b.Fatal(err)
			}
			codes, sums := conv.Scratch()
			x, dst := make([]uint8, s.c*s.h*s.h), make([]uint8, s.o*conv.oh*conv.ow)
			cs, ss := make([]uint8, codes), make([]int32, sums)
			for b.Loop() {
				run := conv.Begin(Range{0, conv.Tiles()}, 1, cs, ss)
				run.Codes(dst, x, nil)
			}
			macs := float64(len(dst)) * float64(s.c*9) * float64(b.N)
			b.ReportMetric(macs/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
