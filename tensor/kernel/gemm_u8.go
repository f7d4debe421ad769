package kernel

import "mixq/asm"

// GemmU8Scratch is the number of int32 elements of scratch that GemmU8 and
// GemmU8Requant need with micro-kernel g.
func GemmU8Scratch(g asm.GemmU8) int { return g.MR*g.NR + g.MR }

// GemmU8 computes the m x n matrix of exact sums
//
//	c[i*ldc+j] = sum over l < k of a[i*lda+l] * w[j][l]
//
// of u8 activations and the s8 weights w that g.Pack(packed, w, n, k) packed. a
// must have (m-1)*lda + roundUp(k, g.KR) bytes; those past k in a row may hold
// anything. scratch must have GemmU8Scratch(g) elements.
func GemmU8(g asm.GemmU8, c []int32, ldc int, a []uint8, lda int, packed []byte, m, n, k int, scratch []int32) {
	tiles := tilesU8{g: g, a: a, lda: lda, packed: packed, m: m, n: n, k: k, acc: scratch[:g.MR*g.NR]}
	for i := 0; i < m; i = tiles.hi {
		tiles.rows(i)
		for j := 0; j < n; j += g.NR {
			tile := tiles.run(j)
			for r := range tiles.hi - i {
				copy(c[(i+r)*ldc+j:][:min(g.NR, n-j)], tile[r*g.NR:])
			}
		}
	}
}

// GemmU8Requant is GemmU8 followed by the output stage q, tile by tile while the
// sums are in cache. q describes the whole q.Rows x q.Cols output; its Acc and
// Sums are set here. The row sums of a are taken if q.WZero is not nil.
func GemmU8Requant(g asm.GemmU8, q asm.Requant, a []uint8, lda int, packed []byte, k int, scratch []int32) {
	acc, sums := scratch[:g.MR*g.NR], scratch[g.MR*g.NR:][:g.MR]
	tiles := tilesU8{g: g, a: a, lda: lda, packed: packed, m: q.Rows, n: q.Cols, k: k, acc: acc}
	for i := 0; i < q.Rows; i = tiles.hi {
		tiles.rows(i)
		part := q
		part.Rows, part.Sums, part.AccStride = tiles.hi-i, sums, g.NR
		if q.WZero != nil {
			asm.SumRowsU8(sums[:part.Rows], a[i*lda:], lda, k)
		}
		for j := 0; j < q.Cols; j += g.NR {
			part.Acc = tiles.run(j)
			part.Cols = min(g.NR, q.Cols-j)
			part.Dst = q.Dst[i*q.DstStride+j:]
			part.Bias, part.Mult = q.Bias[j:], q.Mult[j:]
			if q.WZero != nil {
				part.WZero = q.WZero[j:]
			}
			if q.Res != nil {
				part.Res = q.Res[i*q.ResStride+j:]
			}
			part.Run()
		}
	}
}

// tilesU8 walks a product tile by tile.
type tilesU8 struct {
	g       asm.GemmU8
	a       []uint8
	lda     int
	packed  []byte
	m, n, k int
	acc     []int32

	lo, hi int // the rows of the current tiles
	first  int // the row that the micro-kernel starts from, at or before lo
	step   int // its stride
}

// rows chooses the rows of the next tiles from lo on. The micro-kernel always
// reads MR rows. The last tiles therefore start early and overlap the ones
// before, and where there are fewer than MR rows in all, each row is taken alone
// with a stride of zero.
func (t *tilesU8) rows(lo int) {
	t.lo, t.hi, t.step = lo, min(lo+t.g.MR, t.m), t.lda
	t.first = t.hi - t.g.MR
	if t.first < 0 {
		t.first, t.hi, t.step = lo, lo+1, 0
	}
}

// run computes the tile of the current rows and the columns from j on. The
// result starts with row lo.
func (t *tilesU8) run(j int) []int32 {
	g := t.g
	g.Run(t.acc, t.a[t.first*t.lda:], t.step, t.packed[j/g.NR*g.PanelBytes(t.k):], t.k)
	return t.acc[(t.lo-t.first)*g.NR:]
}
