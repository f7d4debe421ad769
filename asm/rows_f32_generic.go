package asm

// copyRowsF32Generic is the definition of CopyRowsF32.
func copyRowsF32Generic(dst []float32, dstStride int, src []float32, srcStride, rows, n int) {
	for i := range rows {
		copy(dst[i*dstStride:][:n], src[i*srcStride:])
	}
}

// splitRowsF32Generic is the definition of SplitRowsF32 on the columns [lo, n),
// where lo is even.
func splitRowsF32Generic(even, odd []float32, dstStride int, src []float32, srcStride, rows, lo, n int) {
	if lo == n {
		return
	}
	for i := range rows {
		row := src[i*srcStride:][:n]
		for j := lo; j < n; j += 2 {
			even[i*dstStride+j/2] = row[j]
		}
		for j := lo + 1; j < n; j += 2 {
			odd[i*dstStride+j/2] = row[j]
		}
	}
}

// gatherF32Generic is the definition of GatherF32 on the columns [lo, n).
func gatherF32Generic(dst []float32, stride int, src []float32, offsets []int32, lo, n int) {
	for i, o := range offsets {
		copy(dst[i*stride+lo:i*stride+n], src[int(o)+lo:int(o)+n])
	}
}

// finishF32Generic is the definition of FinishF32.
func finishF32Generic(dst, acc []float32, bias float32, res []float32, lo, hi float32) {
	acc = acc[:len(dst)]
	if res == nil {
		for i, v := range acc {
			dst[i] = min(max(v+bias, lo), hi)
		}
		return
	}
	for i, r := range res[:len(dst)] {
		dst[i] = min(max(acc[i]+bias+r, lo), hi)
	}
}
