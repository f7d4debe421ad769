package asm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// eachPatchesF32 runs f on every kernel that this machine can run.
func eachPatchesF32(tb testing.TB, f func(g GemmF32, p PatchesF32)) {
	eachGemmF32(tb, func(g GemmF32) {
		for _, p := range g.Patches {
			f(g, p)
		}
	})
}

// A row of a tile must have the bits of GemmF32.Tile on gathered patches.
func TestPatchesF32(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	normal := func(n int) guarded[float32] {
		g := newGuarded[float32](n)
		for i := range g.s {
			g.s[i] = float32(r.NormFloat64())
		}
		return g
	}
	eachPatchesF32(t, func(g GemmF32, p PatchesF32) {
		for k := range 40 {
			src, b, sums := normal(200), normal(k*g.NR), normal(p.Rows*g.NR)
			at, corners := make([]int32, k), make([]int32, p.Rows)
			for l := range at {
				at[l] = int32(r.IntN(100) - 20)
			}
			for i := range corners {
				corners[i] = int32(20 + r.IntN(101))
			}
			for _, fresh := range []bool{false, true} {
				want := slices.Clone(sums.s)
				for i, c := range corners {
					a, tile := make([]float32, k*g.MR), make([]float32, g.MR*g.NR)
					for l, tap := range at {
						a[l*g.MR] = src.s[c+tap]
					}
					row := want[i*g.NR:][:g.NR]
					copy(tile, row)
					g.Tile(tile, a, b.s, k, fresh, EndF32{})
					copy(row, tile)
				}
				if fresh {
					sums.s[0] = float32(math.NaN())
				}
				p.Run(sums.s, src.s, NewTaps(at), corners, b.s, nil, fresh)
				sums.check(t)
				if !slices.Equal(sums.s, want) {
					t.Fatalf("%s, %d rows: k=%d, fresh %v: got %v, want %v", g.Name, p.Rows, k, fresh, sums.s, want)
				}
			}
		}
	})
}

func TestPatchesF32Panics(t *testing.T) {
	eachPatchesF32(t, func(g GemmF32, p PatchesF32) {
		x, corners := make([]float32, p.Rows*g.NR), make([]int32, p.Rows)
		run := func(sums []float32, tap int32, corners []int32, b []float32) func() {
			return func() { p.Run(sums, x, NewTaps([]int32{0, tap}).Cut(1, 2), corners, b, nil, true) }
		}
		wantPanic(t, g.Name, shortC, run(x[1:], 0, corners, x))
		wantPanic(t, g.Name, shortA, run(x, 0, corners[1:], x))
		wantPanic(t, g.Name, shortB, run(x, 0, corners, x[:g.NR-1]))
		wantPanic(t, g.Name, shortSrc, run(x, int32(len(x)), corners, x))
		wantPanic(t, g.Name, shortSrc, run(x, -1, corners, x))
	})
}

// BenchmarkPatchesF32 multiplies 16 channels of 3x3 patches of a map of 14x14.
func BenchmarkPatchesF32(b *testing.B) {
	eachPatchesF32(b, func(g GemmF32, p PatchesF32) {
		b.Run(fmt.Sprintf("%s/rows=%d", g.Name, p.Rows), func(b *testing.B) {
			var at []int32
			for l := range 16 * 9 {
				at = append(at, int32(l/9*256+l%9/3*16+l%3))
			}
			taps, src, w := NewTaps(at), make([]float32, 16*256), make([]float32, len(at)*g.NR)
			corners, sums := []int32{0, 1, 2, 3, 4, 5, 6, 7}[:p.Rows], make([]float32, p.Rows*g.NR)
			for b.Loop() {
				p.Run(sums, src, taps, corners, w, w, true)
			}
			reportGMACs(b, p.Rows*g.NR*len(at))
		})
	})
}
