package asm

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"mixq/internal/isa"
	"mixq/internal/isatest"
)

// The assembly knows the fields of Requant by their offsets on amd64.
func TestRequantOffsets(t *testing.T) {
	if unsafe.Sizeof(int(0)) != 8 {
		t.Skip("the assembly that knows the offsets is for 64-bit machines")
	}
	var q Requant
	for _, tt := range []struct {
		name      string
		got, want uintptr // want as in _asm/requant
	}{
		{"Dst", unsafe.Offsetof(q.Dst), 0},
		{"DstStride", unsafe.Offsetof(q.DstStride), 24},
		{"Acc", unsafe.Offsetof(q.Acc), 32},
		{"AccStride", unsafe.Offsetof(q.AccStride), 56},
		{"Rows", unsafe.Offsetof(q.Rows), 64},
		{"Cols", unsafe.Offsetof(q.Cols), 72},
		{"Bias", unsafe.Offsetof(q.Bias), 80},
		{"Mult", unsafe.Offsetof(q.Mult), 104},
		{"WZero", unsafe.Offsetof(q.WZero), 128},
		{"Sums", unsafe.Offsetof(q.Sums), 152},
		{"Res", unsafe.Offsetof(q.Res), 176},
		{"ResStride", unsafe.Offsetof(q.ResStride), 200},
		{"ResZero", unsafe.Offsetof(q.ResZero), 208},
		{"ResMult", unsafe.Offsetof(q.ResMult), 212},
		{"Lo", unsafe.Offsetof(q.Lo), 216},
		{"Hi", unsafe.Offsetof(q.Hi), 220},
		{"Zero", unsafe.Offsetof(q.Zero), 224},
	} {
		if tt.got != tt.want {
			t.Errorf("Requant.%s is at %d, the assembly expects %d", tt.name, tt.got, tt.want)
		}
	}
}

// round32 is the float32 nearest to x, by exact arithmetic.
func round32(x *big.Float) float32 {
	y, _ := x.Float32()
	return y
}

func bigProduct(x, y float32) *big.Float {
	return new(big.Float).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
}

// requantOracle is the code of element (i, j) of q by exact arithmetic that is
// rounded to float32 after every step.
func requantOracle(q *Requant, i, j int) uint8 {
	s := int64(q.Acc[i*q.AccStride+j]) + int64(q.Bias[j])
	if q.WZero != nil {
		s -= int64(q.WZero[j]) * int64(q.Sums[i])
	}
	y := round32(bigProduct(round32(new(big.Float).SetInt64(int64(int32(s)))), q.Mult[j]))
	if q.Res != nil {
		d := round32(new(big.Float).Sub(big.NewFloat(float64(q.Res[i*q.ResStride+j])), big.NewFloat(float64(q.ResZero))))
		r := round32(bigProduct(d, q.ResMult))
		y = round32(new(big.Float).Add(big.NewFloat(float64(y)), big.NewFloat(float64(r))))
	}
	y = round32(new(big.Float).Add(big.NewFloat(math.RoundToEven(float64(y))), big.NewFloat(float64(q.Zero))))
	switch {
	case y < q.Lo:
		return uint8(q.Lo)
	case y > q.Hi:
		return uint8(q.Hi)
	}
	return uint8(y)
}

// requantCase describes the tile of a test.
type requantCase struct {
	rows, cols, pad int
	affine, res     bool
	acc             func() int32
	mult            func() float32
}

func checkRequant(t *testing.T, tt requantCase, rng *rand.Rand) {
	t.Helper()
	stride := tt.cols + tt.pad
	size := max(0, (tt.rows-1)*stride+tt.cols)
	dst, acc := newGuarded[uint8](size), newGuarded[int32](size)
	bias, mult := newGuarded[int32](tt.cols), newGuarded[float32](tt.cols)
	q := &Requant{Dst: dst.s, DstStride: stride, Acc: acc.s, AccStride: stride, Rows: tt.rows, Cols: tt.cols,
		Bias: bias.s, Mult: mult.s, Lo: float32(rng.IntN(20)), Hi: float32(255 - rng.IntN(20)), Zero: float32(rng.IntN(256))}
	for i := range acc.s {
		acc.s[i] = tt.acc()
	}
	for j := range tt.cols {
		bias.s[j], mult.s[j] = int32(rng.IntN(2001)-1000), tt.mult()
	}
	if tt.affine {
		wzero, sums := newGuarded[int32](tt.cols), newGuarded[int32](tt.rows)
		for j := range wzero.s {
			wzero.s[j] = int32(rng.IntN(256) - 128)
		}
		for i := range sums.s {
			sums.s[i] = int32(rng.IntN(1 << 20))
		}
		q.WZero, q.Sums = wzero.s, sums.s
	}
	if tt.res {
		res := newGuarded[uint8](size)
		for i := range res.s {
			res.s[i] = uint8(rng.Uint32())
		}
		q.Res, q.ResStride = res.s, stride
		q.ResZero, q.ResMult = float32(rng.IntN(256)), rng.Float32()*2
	}
	for i := range dst.s {
		dst.s[i] = guardWord
	}
	q.Run()
	dst.check(t)
	for p, got := range dst.s {
		want := uint8(guardWord)
		if p%stride < tt.cols {
			want = requantOracle(q, p/stride, p%stride)
		}
		if got != want {
			t.Fatalf("rows=%d cols=%d affine=%v res=%v: element %d = %d, want %d", tt.rows, tt.cols, tt.affine, tt.res, p, got, want)
		}
	}
}

func TestRequant(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	small := func() float32 { return rng.Float32() * 0.01 }
	values := map[string]struct {
		acc  func() int32
		mult func() float32
	}{
		"random":  {func() int32 { return int32(rng.IntN(40001) - 20000) }, small},
		"ties":    {func() int32 { return int32(rng.IntN(801) - 400) }, func() float32 { return 0.5 }},
		"extreme": {func() int32 { return []int32{math.MinInt32, math.MaxInt32, 0, 1 << 24, 1<<24 + 1}[rng.IntN(5)] }, small},
		"huge":    {func() int32 { return int32(rng.Uint32()) }, func() float32 { return 0x1p90 }},
		"tiny":    {func() int32 { return int32(rng.Uint32()) }, func() float32 { return 0x1p-140 }},
	}
	var widths []int
	for cols := range 50 {
		widths = append(widths, cols)
	}
	widths = append(widths, 255, 256, 257, 270, 271, 272, 512, 513) // of depthwise layers; more than a byte counts
	isatest.Each(t, func(t *testing.T) {
		for name, v := range values {
			t.Run(name, func(t *testing.T) {
				for i, cols := range widths {
					for flags := range 4 {
						tt := requantCase{rows: i % 4, cols: cols, pad: cols % 3, affine: flags&1 != 0, res: flags&2 != 0, acc: v.acc, mult: v.mult}
						checkRequant(t, tt, rng)
					}
				}
			})
		}
	})
}

// Halves go to the even side, and the clamp comes last.
func TestRequantByHand(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		q := Requant{Dst: make([]uint8, 5), Acc: []int32{-3, 1, 3, 5, 1000}, Rows: 1, Cols: 5,
			Bias: []int32{0, 0, 0, 0, 1}, Mult: []float32{0.5, 0.5, 0.5, 0.5, 1}, Lo: 9, Hi: 200, Zero: 10}
		q.Run()
		if want := []uint8{9, 10, 12, 12, 200}; !slices.Equal(q.Dst, want) {
			t.Errorf("codes = %v, want %v", q.Dst, want)
		}
		q.Res, q.ResZero, q.ResMult, q.Lo, q.Hi = []uint8{7, 4, 4, 5, 0}, 4, 0.5, 0, 255
		q.Run()
		if want := []uint8{10, 10, 12, 13, 255}; !slices.Equal(q.Dst, want) {
			t.Errorf("codes with a residual = %v, want %v", q.Dst, want)
		}
	})
}

func TestRequantPanics(t *testing.T) {
	for _, tt := range []struct {
		want  string
		spoil func(q *Requant)
	}{
		{shortDst, func(q *Requant) { q.Dst = q.Dst[1:] }},
		{shortAcc, func(q *Requant) { q.Acc = q.Acc[1:] }},
		{shortRes, func(q *Requant) { q.Res = q.Res[1:] }},
		{shortColumns, func(q *Requant) { q.Bias = q.Bias[1:] }},
		{shortColumns, func(q *Requant) { q.Mult = q.Mult[1:] }},
		{shortColumns, func(q *Requant) { q.WZero = q.WZero[1:] }},
		{shortColumns, func(q *Requant) { q.Sums = q.Sums[1:] }},
		{badStride, func(q *Requant) { q.DstStride = q.Cols - 1 }},
	} {
		q := &Requant{Dst: make([]uint8, 32), DstStride: 16, Acc: make([]int32, 32), AccStride: 16, Rows: 2, Cols: 16,
			Bias: make([]int32, 16), Mult: make([]float32, 16), WZero: make([]int32, 16), Sums: make([]int32, 2),
			Res: make([]uint8, 32), ResStride: 16}
		tt.spoil(q)
		wantPanic(t, "Run", tt.want, q.Run)
	}
}

func TestRequantDoesNotAllocate(t *testing.T) {
	acc, bias, mult, dst := make([]int32, 16), make([]int32, 16), make([]float32, 16), make([]uint8, 16)
	isatest.Each(t, func(t *testing.T) {
		n := testing.AllocsPerRun(10, func() {
			q := Requant{Dst: dst, Acc: acc, Rows: 1, Cols: 16, Bias: bias, Mult: mult, Hi: 255}
			q.Run()
		})
		if n != 0 {
			t.Errorf("Run allocates %v times, want 0", n)
		}
	})
}

// FuzzRequant compares every level with exact arithmetic.
func FuzzRequant(f *testing.F) {
	f.Add(uint64(1), uint8(17), uint8(3), int32(1000), float32(0.01))
	f.Add(uint64(2), uint8(8), uint8(1), int32(math.MaxInt32), float32(0.5))
	f.Fuzz(func(t *testing.T, seed uint64, cols, flags uint8, acc int32, mult float32) {
		if math.IsNaN(float64(mult)) || math.Abs(float64(mult)) > 0x1p90 {
			return // a multiplier is finite, and so is its product with a sum
		}
		for _, level := range isa.Available() {
			rng := rand.New(rand.NewPCG(seed, 0))
			restore := isa.Force(level)
			checkRequant(t, requantCase{rows: 1 + int(flags/8%4), cols: int(cols % 64), pad: int(flags / 32),
				affine: flags&1 != 0, res: flags&2 != 0,
				acc:  func() int32 { return acc ^ int32(rng.Uint32()>>(flags&31)) },
				mult: func() float32 { return mult * rng.Float32() }}, rng)
			restore()
		}
	})
}

// BenchmarkRequant is the output of one tile of a convolution.
func BenchmarkRequant(b *testing.B) {
	for _, res := range []bool{false, true} {
		b.Run(fmt.Sprintf("rows=12/cols=16/residual=%v", res), func(b *testing.B) {
			q := Requant{Dst: make([]uint8, 192), DstStride: 16, Acc: make([]int32, 192), AccStride: 16, Rows: 12, Cols: 16,
				Bias: make([]int32, 16), Mult: make([]float32, 16), Hi: 255}
			if res {
				q.Res, q.ResStride = make([]uint8, 192), 16
			}
			b.SetBytes(192)
			for b.Loop() {
				q.Run()
			}
		})
	}
}
