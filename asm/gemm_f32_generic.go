package asm

// gemmF32_4x4_generic keeps a row of four sums in registers at a time.
func gemmF32_4x4_generic(c []float32, ldc int, a, b []float32, k int) {
	checkGemmF32(4, 4, c, ldc, a, b, k)
	a, b = a[:4*k], b[:4*k]
	for i := range 4 {
		row := c[i*ldc : i*ldc+4]
		c0, c1, c2, c3 := row[0], row[1], row[2], row[3]
		for l := 0; l+3 < len(b); l += 4 {
			x, y := a[l+i], b[l:l+4]
			c0 += float32(x * y[0])
			c1 += float32(x * y[1])
			c2 += float32(x * y[2])
			c3 += float32(x * y[3])
		}
		row[0], row[1], row[2], row[3] = c0, c1, c2, c3
	}
}
