package asm

//go:generate go run -C _asm ./arm64/lines_f32 -out ../lines_f32_arm64.s

// AffineF32 is, in two roundings a step,
//
//	dst[i] = min(max(x[i]*scale + shift, lo), hi)
//
// A NaN stays one; the sign of a zero is not defined. dst may be x. It panics
// if the slices differ in length.
func AffineF32(dst, x []float32, scale, shift, lo, hi float32) {
	if len(x) != len(dst) {
		panic(badLength)
	}
	affineF32(dst, x, scale, shift, lo, hi)
}

// CombineF32 is, rounded at every operation,
//
//	dst[i] = (a*x[i] + b*y[i]) + c
//
// dst may be x or y. It panics if the slices differ in length.
func CombineF32(dst, x, y []float32, a, b, c float32) {
	if len(x) != len(dst) || len(y) != len(dst) {
		panic(badLength)
	}
	combineF32(dst, x, y, a, b, c)
}

// MaskF32 keeps the elements of x where y is strictly between the bounds:
//
//	dst[i] = 0
//	if lo < y[i] && y[i] < hi {
//		dst[i] = x[i]
//	}
//
// dst may be x or y. It panics if the slices differ in length.
func MaskF32(dst, x, y []float32, lo, hi float32) {
	if len(x) != len(dst) || len(y) != len(dst) {
		panic(badLength)
	}
	maskF32(dst, x, y, lo, hi)
}

// MomentsF32 returns the sums
//
//	s += x[i]
//	sy += x[i] * (y[i] - center)
//
// each added up in eight interleaved chains, which are then added in order. It
// panics if the slices differ in length.
func MomentsF32(x, y []float32, center float32) (s, sy float32) {
	if len(y) != len(x) {
		panic(badLength)
	}
	var sums [16]float32 // s in the first half, sy in the second
	momentsF32(&sums, x, y, center)
	for i := range 8 {
		s += sums[i]
		sy += sums[8+i]
	}
	return s, sy
}

// TransposeF32 transposes a matrix:
//
//	dst[j*dstStride+i] = src[i*srcStride+j]    for i < rows, j < columns
//
// It panics if a row is outside its slice or a stride is negative. The slices
// must not overlap.
func TransposeF32(dst []float32, dstStride int, src []float32, srcStride, rows, columns int) {
	if rows <= 0 || columns <= 0 {
		return
	}
	switch {
	case dstStride < 0 || srcStride < 0:
		panic(badStride)
	case len(dst) < (columns-1)*dstStride+rows:
		panic(shortDst)
	case len(src) < (rows-1)*srcStride+columns:
		panic(shortSrc)
	}
	transposeF32(dst, dstStride, src, srcStride, rows, columns)
}
