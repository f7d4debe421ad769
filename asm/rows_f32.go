package asm

//go:generate go run -C _asm ./arm64/rows_f32 -out ../rows_f32_arm64.s

// CopyRowsF32 copies a block of rows whose starts are a stride apart:
//
//	for i := range rows {
//		copy(dst[i*dstStride:][:n], src[i*srcStride:][:n])
//	}
//
// It panics if a row is outside its slice or a stride is negative. The slices
// must not overlap.
func CopyRowsF32(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	if rows <= 0 || n <= 0 {
		return
	}
	switch {
	case dstStride < 0 || srcStride < 0:
		panic(badStride)
	case len(dst) < (rows-1)*dstStride+n:
		panic(shortDst)
	case len(src) < (rows-1)*srcStride+n:
		panic(shortSrc)
	}
	copyRowsF32(dst, dstStride, src, srcStride, rows, n)
}

// SplitRowsF32 separates the even columns of a block of rows from the odd ones:
//
//	even[i*dstStride+j/2] = src[i*srcStride+j]    for i < rows, even j < n
//	odd[i*dstStride+j/2] = src[i*srcStride+j]     for i < rows, odd j < n
//
// It panics if a row is outside its slice or a stride is negative. The results
// must not overlap src or each other.
func SplitRowsF32(even, odd []float32, dstStride int, src []float32, srcStride, rows, n int) {
	if rows <= 0 || n <= 0 {
		return
	}
	switch {
	case dstStride < 0 || srcStride < 0:
		panic(badStride)
	case len(even) < (rows-1)*dstStride+(n+1)/2 || n > 1 && len(odd) < (rows-1)*dstStride+n/2:
		panic(shortDst)
	case len(src) < (rows-1)*srcStride+n:
		panic(shortSrc)
	}
	splitRowsF32(even, odd, dstStride, src, srcStride, rows, n)
}

// GatherF32 copies rows that lie at any offsets:
//
//	for i, o := range offsets {
//		copy(dst[i*stride:][:n], src[o:][:n])
//	}
//
// It panics if a row is outside its slice or the stride is negative. The slices
// must not overlap.
func GatherF32(dst []float32, stride int, src []float32, offsets []int32, n int) {
	if len(offsets) == 0 || n <= 0 {
		return
	}
	switch {
	case stride < 0:
		panic(badStride)
	case len(dst) < (len(offsets)-1)*stride+n:
		panic(shortDst)
	case len(src) < n:
		panic(shortSrc)
	}
	gatherF32(dst, stride, src, offsets, n)
}

// FinishF32 is the output stage of float layers:
//
//	dst[i] = min(max(acc[i] + bias + res[i], lo), hi)
//
// added from the left, without the term of res if that is nil. A NaN stays one;
// the sign of a zero is not defined. dst may be acc or res. It panics if the
// slices differ in length.
func FinishF32(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	if len(acc) != len(dst) || res != nil && len(res) != len(dst) {
		panic(badLength)
	}
	finishF32(dst, acc, bias, res, lo, hi)
}
