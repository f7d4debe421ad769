package asm

// winogradInputF32Generic is the definition of WinogradInputF32.
func winogradInputF32Generic(dst []float32, matrix, mr int, src []float32, plane, stride int, offsets *[WinogradTiles]int32, channels int) {
	for c := range channels {
		for l, o := range offsets {
			var d [6][6]float32
			for i := range d {
				d[i] = winogradB([6]float32(src[c*plane+int(o)+i*stride:]))
			}
			to := dst[l/mr*channels*mr+c*mr+l%mr:]
			for j := range 6 {
				column := winogradB([6]float32{d[0][j], d[1][j], d[2][j], d[3][j], d[4][j], d[5][j]})
				for i, v := range column {
					to[(6*i+j)*matrix] = v
				}
			}
		}
	}
}

// winogradOutputF32Generic is the definition of WinogradOutputF32.
func winogradOutputF32Generic(dst []float32, plane, stride int, src []float32, matrix, row, tiles int) {
	for t := range tiles {
		for c := range 8 {
			m := src[t*row+c:]
			var rows [4][6]float32
			for j := range 6 {
				column := winogradA([6]float32{m[j*matrix], m[(6+j)*matrix], m[(12+j)*matrix],
					m[(18+j)*matrix], m[(24+j)*matrix], m[(30+j)*matrix]})
				for i, v := range column {
					rows[i][j] = v
				}
			}
			for i := range rows {
				y := winogradA(rows[i])
				copy(dst[c*plane+i*stride+4*t:], y[:])
			}
		}
	}
}

// winogradB is Bᵀ·d:
//
//	4  0 -5  0  1  0
//	0 -4 -4  1  1  0
//	0  4 -4 -1  1  0
//	0 -2 -1  2  1  0
//	0  2 -1 -2  1  0
//	0  4  0 -5  0  1
//
// It multiplies by powers of two only, which is exact, so that fusing the
// products with the additions does not show.
func winogradB(d [6]float32) [6]float32 {
	a, b := d[4]-float32(4*d[2]), d[3]-float32(4*d[1])
	c, e := d[4]-d[2], d[3]-d[1]
	return [6]float32{
		float32(4*(d[0]-d[2])) + c,
		a + b,
		a - b,
		c + float32(2*e),
		c - float32(2*e),
		(d[5] - d[3]) - float32(4*e),
	}
}

// winogradA is Aᵀ·m, by powers of two as well:
//
//	1  1  1  1  1  0
//	0  1 -1  2 -2  0
//	0  1  1  4  4  0
//	0  1 -1  8 -8  1
func winogradA(m [6]float32) [4]float32 {
	s, d := m[1]+m[2], m[1]-m[2]
	u, v := m[3]+m[4], m[3]-m[4]
	return [4]float32{
		m[0] + s + u,
		d + float32(2*v),
		s + float32(4*u),
		d + float32(8*v) + m[5],
	}
}
