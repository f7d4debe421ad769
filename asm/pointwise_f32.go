package asm

import "mixq/internal/isa"

// PointwiseF32 is a micro-kernel that computes n positions of MR channels of a
// 1x1 convolution, whose planes are a stride apart. Run is
//
//	for i := range MR {
//		for j := range n {
//			var v float32
//			for l := range k {
//				v += w[l*MR+i] * x[l*xStride+j]
//			}
//			dst[i*stride+j] = min(max(v+bias[i]+res[i*stride+j], lo), hi)
//		}
//	}
//
// added from the left, without the term of res if that is nil. The sum over l is
// one chain of additions, rounded as by the GemmF32 of the level. A NaN stays
// one; the sign of a zero is not defined.
//
// Run panics if an element is outside its slice, k < 1 or n < 0. dst may be res;
// it must not overlap the others.
type PointwiseF32 struct {
	Name  string
	Level isa.Level
	MR    int
	NR    int // positions that it computes at once; it is slower where others are left
	Run   func(dst []float32, stride int, x []float32, xStride int, w []float32, k int, bias, res []float32, n int, lo, hi float32)
}

// PointwiseF32For is the best micro-kernel of 1x1 convolutions at the current
// level. At a level that has none of its own it is the generic one, which is no
// faster than a matrix product.
func PointwiseF32For() PointwiseF32 {
	level := isa.Current()
	best := pointwiseF32s[0]
	for _, p := range pointwiseF32s[1:] {
		if p.Level <= level {
			best = p
		}
	}
	return best
}

// checkPointwiseF32 panics unless the slices hold mr channels of n positions.
func checkPointwiseF32(mr int, dst []float32, stride int, x []float32, xStride int, w []float32, k int, bias, res []float32, n int) {
	reach := (mr-1)*stride + n
	switch {
	case k < 1 || n < 0:
		panic(badSize)
	case stride < 0 || xStride < 0:
		panic(badStride)
	case len(w) < k*mr:
		panic(shortW)
	case len(bias) < mr:
		panic(shortColumns)
	case n > 0 && len(dst) < reach:
		panic(shortDst)
	case n > 0 && len(x) < (k-1)*xStride+n:
		panic(shortSrc)
	case n > 0 && res != nil && len(res) < reach:
		panic(shortRes)
	}
}
