package quantize

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"mixq/internal/par"
)

// choleskyBlock is the width of the panels of cholesky: wide enough for the
// matrix products to dominate, narrow enough for a panel to stay in cache.
const choleskyBlock = 96

// cholesky overwrites the upper triangle of the K×K row-major matrix h with the
// upper triangular G for which h = GᵀG, and clears the rest. It reports whether
// h is positive definite. It is the right-looking blocked algorithm (Golub and
// Van Loan 2013, section 4.2.9); the parts of each update are split over
// outputs, so that threads do not change a bit.
func cholesky(h []float64, k, threads int) bool {
	for lo := 0; lo < k; lo += choleskyBlock {
		hi := min(lo+choleskyBlock, k)
		if !factorDiagonal(h, k, lo, hi) {
			return false
		}
		parts := (k - hi + choleskyBlock - 1) / choleskyBlock
		par.For(threads, parts, func(_, i int) { // G[lo:hi, cols] = G[lo:hi, lo:hi]⁻ᵀ·h[lo:hi, cols]
			c := hi + i*choleskyBlock
			blas64.Trsm(blas.Left, blas.Trans, 1,
				blas64.Triangular{Uplo: blas.Upper, Diag: blas.NonUnit, N: hi - lo, Data: h[lo*k+lo:], Stride: k},
				block64(h, k, lo, hi, c, min(c+choleskyBlock, k)))
		})
		par.For(threads, parts, func(_, i int) { // h[rows, cols] -= G[lo:hi, rows]ᵀ·G[lo:hi, cols], cols from rows on
			r := hi + i*choleskyBlock
			end := min(r+choleskyBlock, k)
			blas64.Gemm(blas.Trans, blas.NoTrans, -1, block64(h, k, lo, hi, r, end), block64(h, k, lo, hi, r, k),
				1, block64(h, k, r, end, r, k))
		})
	}
	for i := range k {
		clear(h[i*k : i*k+i])
	}
	return true
}

// block64 is rows [r0, r1) and columns [c0, c1) of a K×K matrix.
func block64(h []float64, k, r0, r1, c0, c1 int) blas64.General {
	return blas64.General{Rows: r1 - r0, Cols: c1 - c0, Data: h[r0*k+c0 : (r1-1)*k+c1], Stride: k}
}

// factorDiagonal is the unblocked algorithm on the block [lo, hi) of the diagonal.
func factorDiagonal(h []float64, k, lo, hi int) bool {
	for j := lo; j < hi; j++ {
		d := h[j*k+j]
		for i := lo; i < j; i++ {
			d -= float64(h[i*k+j] * h[i*k+j])
		}
		if !(d > 0) || math.IsInf(d, 0) {
			return false
		}
		d = math.Sqrt(d)
		h[j*k+j] = d
		for c := j + 1; c < hi; c++ {
			s := h[j*k+c]
			for i := lo; i < j; i++ {
				s -= float64(h[i*k+j] * h[i*k+c])
			}
			h[j*k+c] = s / d
		}
	}
	return true
}
