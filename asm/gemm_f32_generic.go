package asm

// gemmF32_4x8_generic keeps half a row of sums in registers at a time.
func gemmF32_4x8_generic(c []float32, ldc int, a, b []float32, k int) {
	checkGemmF32(4, 8, c, ldc, a, b, k)
	if k == 0 {
		return
	}
	a, b = a[:4*k], b[:8*k]
	for i := range 8 {
		row, at := i/2, i%2*4
		y := c[row*ldc+at:][:4]
		y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
		b := b[at:]
		for l := 0; l+3 < len(b); l += 8 {
			x, w := a[l/2+row], b[l:l+4]
			y0 += float32(x * w[0])
			y1 += float32(x * w[1])
			y2 += float32(x * w[2])
			y3 += float32(x * w[3])
		}
		y[0], y[1], y[2], y[3] = y0, y1, y2, y3
	}
}
