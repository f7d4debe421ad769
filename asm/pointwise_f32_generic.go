package asm

// pointwiseF32_4_generic is the definition of PointwiseF32.
func pointwiseF32_4_generic(dst []float32, stride int, x []float32, xStride int, w []float32, k int, bias, res []float32, n int, lo, hi float32) {
	checkPointwiseF32(4, dst, stride, x, xStride, w, k, bias, res, n)
	for i := range 4 {
		for j := range n {
			var v float32
			for l := range k {
				v += float32(w[l*4+i] * x[l*xStride+j])
			}
			v += bias[i]
			if res != nil {
				v += res[i*stride+j]
			}
			dst[i*stride+j] = min(max(v, lo), hi)
		}
	}
}
