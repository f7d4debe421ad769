package kernel

import "mixq/asm"

// PackASize is the number of elements that PackA writes.
func PackASize(g asm.GemmF32, m, k int) int { return roundUp(m, g.MR) * k }

// PackBSize is the number of elements that PackB writes.
func PackBSize(g asm.GemmF32, k, n int) int { return roundUp(n, g.NR) * k }

// PackA lays alpha times the m x k matrix op(A) out in panels of MR rows, which
// is the form that GemmPacked reads:
//
//	dst[i/MR*k*MR + l*MR + i%MR] = alpha * op(A)[i][l]
//
// Rows past m in the last panel are zero. op transposes the stored matrix if
// trans is set. It panics if dst has fewer than PackASize elements.
func PackA(g asm.GemmF32, dst, a []float32, lda int, trans bool, m, k int, alpha float32) {
	packPanels(dst[:PackASize(g, m, k)], a, lda, !trans, m, k, g.MR)
	if alpha != 1 {
		for i := range dst[:PackASize(g, m, k)] {
			dst[i] *= alpha
		}
	}
}

// PackB lays the k x n matrix op(B) out in panels of NR columns, which is the
// form that GemmPacked reads:
//
//	dst[j/NR*k*NR + l*NR + j%NR] = op(B)[l][j]
//
// Columns past n in the last panel are zero. op transposes the stored matrix if
// trans is set. It panics if dst has fewer than PackBSize elements.
func PackB(g asm.GemmF32, dst, b []float32, ldb int, trans bool, k, n int) {
	packPanels(dst[:PackBSize(g, k, n)], b, ldb, trans, n, k, g.NR)
}

// packPanels packs n vectors of length k into panels of r. Vector j is row j of
// src if rows is set, else column j.
func packPanels(dst, src []float32, ld int, rows bool, n, k, r int) {
	for j := 0; j < n; j += r {
		w := min(r, n-j)
		panel := dst[j*k:][:r*k]
		if w < r {
			clear(panel)
		}
		if rows {
			packRows(panel, src[j*ld:], ld, w, k, r)
		} else {
			asm.CopyRowsF32(panel, r, src[j:], ld, k, w)
		}
	}
}

// packRows interleaves w rows of src, four at a time to fill cache lines.
func packRows(panel, src []float32, ld, w, k, r int) {
	i := 0
	for ; i+4 <= w; i += 4 {
		interleave4(panel[i:], src[i*ld:][:k], src[(i+1)*ld:][:k], src[(i+2)*ld:][:k], src[(i+3)*ld:][:k], r)
	}
	for ; i < w; i++ {
		for l, v := range src[i*ld:][:k] {
			panel[l*r+i] = v
		}
	}
}
