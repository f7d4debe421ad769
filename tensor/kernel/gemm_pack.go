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
			asm.TransposeF32(panel, r, src[j*ld:], ld, w, k)
		} else {
			asm.CopyRowsF32(panel, r, src[j:], ld, k, w)
		}
	}
}
