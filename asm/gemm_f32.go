package asm

import "mixq/internal/isa"

//go:generate go run -C _asm ./arm64/gemm_f32 -out ../gemm_f32_arm64.s

// GemmF32 is a micro-kernel that multiplies two packed float32 panels into an
// MR x NR tile of C. Run is
//
//	for i := range MR {
//		for j := range NR {
//			for l := range k {
//				c[i*ldc+j] += a[l*MR+i] * b[l*NR+j]
//			}
//		}
//	}
//
// Each element of C is one chain of additions in the order of l that starts
// from its old value, so cutting k into blocks does not change a bit. Levels
// with fused multiply-add round once per step, the others twice.
//
// Run panics if a has fewer than k*MR elements, b fewer than k*NR, c fewer than
// (MR-1)*ldc+NR, or if k < 0 or ldc < NR. c must not overlap a or b.
//
// Tile is Run on a tile of its own, sums [MR,NR], which is cleared before if
// fresh is set and goes through end after, unless that has no Dst:
//
//	for i := range MR {
//		FinishF32(end.Dst[i*end.Stride:][:NR], sums[i*NR:][:NR], end.Bias[i], end.Res[i*end.Stride:][:NR], end.Lo, end.Hi)
//	}
//
// What sums holds after that is undefined. Tile panics as Run does, and if a
// slice of end is too short.
//
// Patches are kernels that take A from where it lies, of several heights; there
// are none where packing is faster.
type GemmF32 struct {
	Name    string
	Level   isa.Level
	MR, NR  int
	Run     func(c []float32, ldc int, a, b []float32, k int)
	Tile    func(sums, a, b []float32, k int, fresh bool, end EndF32)
	Patches []PatchesF32
}

// EndF32 is where and how a tile of a layer's output is finished: Dst and Res
// have rows that are Stride apart, Bias [MR] has a number for each. Res may be
// nil, and it may be Dst.
type EndF32 struct {
	Dst, Res []float32
	Stride   int
	Bias     []float32
	Lo, Hi   float32
}

// check panics unless the slices hold an mr x nr tile.
func (e *EndF32) check(mr, nr int) {
	n := (mr-1)*e.Stride + nr
	switch {
	case e.Stride < nr:
		panic(badStride)
	case len(e.Dst) < n:
		panic(shortDst)
	case len(e.Bias) < mr:
		panic(shortBias)
	case e.Res != nil && len(e.Res) < n:
		panic(shortRes)
	}
}

// composeF32 makes a table row of a kernel that has no Tile of its own.
func composeF32(g GemmF32) GemmF32 {
	g.Tile = func(sums, a, b []float32, k int, fresh bool, end EndF32) {
		checkGemmF32(g.MR, g.NR, sums, g.NR, a, b, k)
		if fresh {
			clear(sums[:g.MR*g.NR])
		}
		g.Run(sums, g.NR, a, b, k)
		if end.Dst == nil {
			return
		}
		end.check(g.MR, g.NR)
		for i := range g.MR {
			at := i * end.Stride
			var res []float32
			if end.Res != nil {
				res = end.Res[at:][:g.NR]
			}
			FinishF32(end.Dst[at:][:g.NR], sums[i*g.NR:][:g.NR], end.Bias[i], res, end.Lo, end.Hi)
		}
	}
	return g
}

// GemmF32For is the best float32 micro-kernel at the current level.
func GemmF32For() GemmF32 {
	level := isa.Current()
	best := gemmF32s[0]
	for _, g := range gemmF32s[1:] {
		if g.Level <= level {
			best = g
		}
	}
	return best
}

// checkGemmF32 panics unless the slices hold an mr x nr tile and its panels.
func checkGemmF32(mr, nr int, c []float32, ldc int, a, b []float32, k int) {
	switch {
	case k < 0:
		panic(badSize)
	case ldc < nr:
		panic(badStride)
	case len(a) < k*mr:
		panic(shortA)
	case len(b) < k*nr:
		panic(shortB)
	case len(c) < (mr-1)*ldc+nr:
		panic(shortC)
	}
}
