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
type GemmF32 struct {
	Name   string
	Level  isa.Level
	MR, NR int
	Run    func(c []float32, ldc int, a, b []float32, k int)
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
