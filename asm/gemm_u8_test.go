package asm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isa"
)

// eachGemmU8 runs f on every row of the table that this machine can run.
func eachGemmU8(tb testing.TB, f func(g GemmU8)) {
	for _, g := range gemmU8s {
		if slices.Contains(isa.Available(), g.Level) {
			f(g)
		} else {
			tb.Logf("%s: level %v is not available", g.Name, g.Level)
		}
	}
}

// codes fills the operands of a test: weight is given the range of the weights.
type codes struct {
	name   string
	act    func(i int) uint8
	weight func(i, lo, hi int) int8
}

// codePatterns are what saturates, cancels or wraps if anything does.
func codePatterns(rng *rand.Rand) []codes {
	constant := func(v uint8) func(int) uint8 { return func(int) uint8 { return v } }
	random := func(int) uint8 { return uint8(rng.Uint32()) }
	low := func(_, lo, _ int) int8 { return int8(lo) }
	high := func(_, _, hi int) int8 { return int8(hi) }
	return []codes{
		{"zero", constant(0), low},
		{"max-low", constant(255), low},
		{"max-high", constant(255), high},
		{"max-alternating", constant(255), func(i, lo, hi int) int8 { return int8([]int{lo, hi}[i%2]) }},
		{"ramp", func(i int) uint8 { return uint8(i) }, func(i, lo, hi int) int8 { return int8(lo + i%(hi-lo+1)) }},
		{"random", random, func(_, lo, hi int) int8 { return int8(lo + rng.IntN(hi-lo+1)) }},
		{"extremes", func(int) uint8 { return []uint8{0, 1, 127, 128, 255}[rng.IntN(5)] },
			func(_, lo, hi int) int8 { return int8([]int{lo, lo + 1, -1, 0, hi}[rng.IntN(5)]) }},
	}
}

// shapeU8 is a call of a kernel: MR times tiles rows by the last panels of n rows
// of k weights.
type shapeU8 struct{ tiles, panels, n, k, lda int }

// checkGemmU8Kernel compares a Run with the loop of the contract.
func checkGemmU8Kernel(t *testing.T, g GemmU8, s shapeU8, v codes) {
	t.Helper()
	lo, hi := -1<<(g.WBits-1), 1<<(g.WBits-1)-1
	w := make([]int8, s.n*s.k)
	for i := range w {
		w[i] = v.weight(i, lo, hi)
	}
	panels := expanded(t, &g, w, s.n, s.k, g.WBits)

	rows := s.tiles * g.MR
	a := newGuarded[uint8](max(0, (rows-1)*s.lda+roundUp(s.k, g.KR)))
	for i := range a.s {
		a.s[i] = v.act(i)
	}
	c := newGuarded[int32](s.panels * rows * g.NR)
	first := roundUp(s.n, g.NR) - s.panels*g.NR
	g.Run(c.s, a.s, s.lda, rows, panels[first/g.NR*g.PanelBytes(s.k):], s.panels, s.k)
	a.check(t)
	c.check(t)
	for p, got := range c.s {
		i, j := p/g.NR%rows, first+p/g.NR/rows*g.NR+p%g.NR
		var want int32
		for l := 0; l < s.k && j < s.n; l++ {
			want += int32(a.s[i*s.lda+l]) * int32(w[j*s.k+l])
		}
		if got != want {
			t.Fatalf("%s: %s: %+v: row %d of weights %d = %d, want %d", g.Name, v.name, s, i, j, got, want)
		}
	}
}

func TestGemmU8(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	patterns := codePatterns(rng)
	eachGemmU8(t, func(g GemmU8) {
		t.Run(g.Name, func(t *testing.T) {
			for k := range 100 {
				for i, v := range patterns {
					checkGemmU8Kernel(t, g, shapeU8{1, 1, g.NR + i, k, roundUp(k, g.KR) + i}, v)
				}
			}
			for _, v := range patterns { // long enough to overflow any 16-bit sum
				checkGemmU8Kernel(t, g, shapeU8{1, 1, 1, 4096, 4096}, v)
				checkGemmU8Kernel(t, g, shapeU8{1, 1, 1, 1001, 0}, v)
			}
			for _, rows := range []int{33, 48, 49, 63} { // deep, with any number of rows in the last tiles
				checkGemmU8Kernel(t, g, shapeU8{roundUp(rows, g.MR) / g.MR, 2, 2 * g.NR, 601, 640}, patterns[rows%len(patterns)])
			}
			for tiles := range 2 + 100/g.MR {
				for panels := range 4 {
					k := 1 + (tiles+panels)%9*16
					checkGemmU8Kernel(t, g, shapeU8{tiles, panels, 3*g.NR + 1, k, k}, patterns[tiles%len(patterns)])
				}
			}
		})
	})
}

func TestGemmU8ForPicksExactKernel(t *testing.T) {
	for _, level := range isa.Available() {
		restore := isa.Force(level)
		for wbits := 1; wbits <= 8; wbits++ {
			if g := GemmU8For(wbits); g.WBits < wbits || g.Level > level {
				t.Errorf("level %v, %d bits: chose %s", level, wbits, g.Name)
			}
		}
		restore()
	}
	wantPanic(t, "GemmU8For(0)", badBits, func() { GemmU8For(0) })
	wantPanic(t, "GemmU8For(9)", badBits, func() { GemmU8For(9) })
}

// panicTest is a call and the panic it must end with.
type panicTest struct {
	want string
	call func()
}

func TestGemmU8Panics(t *testing.T) {
	eachGemmU8(t, func(g GemmU8) {
		const k = 7
		rows := g.MR
		a, c := make([]uint8, (rows-1)*k+roundUp(k, g.KR)), make([]int32, rows*g.NR)
		panel := make([]byte, g.PanelBytes(k))
		tests := []panicTest{
			{badSize, func() { g.Run(c, a, k, rows, panel, 1, -1) }},
			{badSize, func() { g.Run(c, a, k, -rows, panel, 1, k) }},
			{badSize, func() { g.Run(c, a, k, rows, panel, -1, k) }},
			{badStride, func() { g.Run(c, a, -1, rows, panel, 1, k) }},
			{shortA, func() { g.Run(c, a[1:], k, rows, panel, 1, k) }},
			{shortB, func() { g.Run(c, a, k, rows, panel[1:], 1, k) }},
			{shortB, func() { g.Run(c, a, k, rows, panel, 2, k) }},
			{shortC, func() { g.Run(c[1:], a, k, rows, panel, 1, k) }},
		}
		if g.MR > 1 {
			tests = append(tests, panicTest{badRows, func() { g.Run(c, a, k, rows-1, panel, 1, k) }})
		}
		for _, tt := range tests {
			wantPanic(t, g.Name, tt.want, tt.call)
		}
	})
}

// FuzzGemmU8 compares every kernel with the loop of the contract on any codes.
func FuzzGemmU8(f *testing.F) {
	f.Add([]byte{255, 0, 128, 127}, uint16(9), uint8(3), uint8(1))
	f.Add([]byte{1}, uint16(300), uint8(0), uint8(50))
	f.Fuzz(func(t *testing.T, data []byte, k uint16, pad, tiles uint8) {
		if len(data) == 0 {
			return
		}
		depth := int(k % 1024)
		v := codes{"fuzz", func(i int) uint8 { return data[i%len(data)] }, func(i, lo, hi int) int8 {
			return int8(lo + int(data[(i+1)%len(data)])%(hi-lo+1))
		}}
		eachGemmU8(t, func(g GemmU8) {
			checkGemmU8Kernel(t, g, shapeU8{int(tiles % 64), 2, g.NR + 1, depth, roundUp(depth, g.KR) + int(pad)}, v)
		})
	})
}

// BenchmarkGemmU8 multiplies operands that are in the first-level cache.
func BenchmarkGemmU8(b *testing.B) {
	eachGemmU8(b, func(g GemmU8) {
		for _, k := range []int{144, 576} {
			b.Run(fmt.Sprintf("%s/bits=%d/k=%d", g.Name, g.WBits, k), func(b *testing.B) {
				rows, lda := roundUp(64, g.MR), roundUp(k, g.KR)
				a, packed, c := make([]uint8, rows*lda), make([]byte, g.Panels*g.PanelBytes(k)), make([]int32, g.Panels*rows*g.NR)
				for b.Loop() {
					g.Run(c, a, lda, rows, packed, g.Panels, k)
				}
				reportGMACs(b, g.Panels*g.NR*rows*k)
			})
		}
	})
}
