package asm

// affineF32Generic is the definition of AffineF32.
func affineF32Generic(dst, x []float32, scale, shift, lo, hi float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = min(max(float32(v*scale)+shift, lo), hi)
	}
}

// combineF32Generic is the definition of CombineF32.
func combineF32Generic(dst, x, y []float32, a, b, c float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		dst[i] = float32(a*v) + float32(b*y[i]) + c
	}
}

// maskF32Generic is the definition of MaskF32.
func maskF32Generic(dst, x, y []float32, lo, hi float32) {
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		if !(lo < y[i] && y[i] < hi) {
			v = 0
		}
		dst[i] = v
	}
}

// momentsF32Generic is the definition of MomentsF32; it continues the chains in
// sums.
func momentsF32Generic(sums *[16]float32, x, y []float32, center float32) {
	y = y[:len(x)]
	for i, v := range x {
		sums[i%8] += v
		sums[8+i%8] += float32(v * (y[i] - center))
	}
}

// transposeF32Generic is the definition of TransposeF32. It takes four rows at
// a time, to fill cache lines of dst.
func transposeF32Generic(dst []float32, dstStride int, src []float32, srcStride, rows, columns int) {
	i := 0
	for ; i+4 <= rows; i += 4 {
		interleave4(dst[i:], dstStride, src[i*srcStride:][:columns], src[(i+1)*srcStride:][:columns],
			src[(i+2)*srcStride:][:columns], src[(i+3)*srcStride:][:columns])
	}
	for ; i < rows; i++ {
		for j, v := range src[i*srcStride:][:columns] {
			dst[j*dstStride+i] = v
		}
	}
}

// interleave4 is dst[j*stride:][:4] = a[j], b[j], c[j], d[j].
func interleave4(dst []float32, stride int, a, b, c, d []float32) {
	b, c, d = b[:len(a)], c[:len(a)], d[:len(a)]
	for j, v := range a {
		q := dst[j*stride:][:4]
		q[0], q[1], q[2], q[3] = v, b[j], c[j], d[j]
	}
}
