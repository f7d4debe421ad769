package quantize

import (
	"errors"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"mixq/internal/par"
	"mixq/tensor/kernel"
)

// Gram-matrix rounding (OBQ, Frantar and Alistarh 2022; GPTQ, Frantar et al.
// 2023). For a row w, codes of real values q and inputs with second moments H,
// the output error is eᵀHe with e = w − q. With H = GᵀG, G upper triangular, it
// is the sum over j of
//
//	(G_jj·e_j + Σ_{k>j} G_jk·e_k)²,
//
// so that, going from the last column to the first, the best choice for column
// j given those behind it is to round w_j + Σ_{k>j} G_jk·e_k/G_jj. This is
// Babai's nearest plane; it is the same as GPTQ, whose inverse of H it does
// without. Columns are ordered by ascending diag H, so that those that matter
// most are rounded while others can still compensate.

// gramFactor is the factor G of one matrix, with its column order.
type gramFactor struct {
	k     int
	order []int     // order[i] is the column of H that stands at place i
	g     []float64 // K×K upper triangular, row-major, in that order
	unit  []float32 // rows of g divided by their diagonal elements
}

var errDegenerate = errors.New("the Gram matrix is not positive definite; the calibration inputs are degenerate")

// newGramFactor factors the symmetric matrix of which h(i, j), i <= j, gives
// the upper triangle. It must be positive definite (damped).
func newGramFactor(k int, h func(i, j int) float64, threads int) (*gramFactor, error) {
	f := &gramFactor{k: k, order: make([]int, k), g: make([]float64, k*k)}
	for i := range f.order {
		f.order[i] = i
	}
	slices.SortStableFunc(f.order, func(a, b int) int {
		switch ha, hb := h(a, a), h(b, b); {
		case ha < hb:
			return -1
		case ha > hb:
			return 1
		}
		return 0
	})
	for i, a := range f.order {
		for j := i; j < k; j++ {
			b := f.order[j]
			f.g[i*k+j] = h(min(a, b), max(a, b))
		}
	}
	if !cholesky(f.g, k, threads) {
		return nil, errDegenerate
	}
	f.unit = make([]float32, k*k)
	for i := range k {
		for j := i; j < k; j++ {
			f.unit[i*k+j] = float32(f.g[i*k+j] / f.g[i*k+i])
		}
	}
	return f, nil
}

// solve overwrites the K×n row-major matrix b with H⁻¹·b.
func (f *gramFactor) solve(b []float64, n, threads int) {
	sorted := make([]float64, len(b))
	for i, c := range f.order {
		copy(sorted[i*n:i*n+n], b[c*n:c*n+n])
	}
	t := blas64.Triangular{Uplo: blas.Upper, Diag: blas.NonUnit, N: f.k, Data: f.g, Stride: f.k}
	par.Range(threads, n, choleskyBlock, func(_, lo, hi int) {
		part := blas64.General{Rows: f.k, Cols: hi - lo, Data: sorted[lo:], Stride: n}
		blas64.Trsm(blas.Left, blas.Trans, 1, t, part)
		blas64.Trsm(blas.Left, blas.NoTrans, 1, t, part)
	})
	for i, c := range f.order {
		copy(b[c*n:c*n+n], sorted[i*n:i*n+n])
	}
}

// roundBlock is the number of columns that are rounded one by one before their
// errors are carried to all columns before them in one matrix product.
const roundBlock = 64

// round writes the codes of the rows of w, each on its grid; rows are K long.
func (f *gramFactor) round(codes []int8, w []float64, grids []grid) {
	k, n := f.k, len(grids)
	errs := make([]float32, n*k)  // e, in the factor's order
	carry := make([]float32, n*k) // Σ G_jk·e_k/G_jj over the blocks that are done
	scratch := make([]float32, kernel.GemmScratch(n, k, roundBlock))
	for hi := k; hi > 0; {
		lo := max(hi-roundBlock, 0)
		for r, g := range grids {
			row := r * k
			for j := hi - 1; j >= lo; j-- {
				x := w[row+f.order[j]]
				target := x + float64(carry[row+j]) + f.tail(errs[row:], j, hi)
				q := g.round(target)
				codes[row+f.order[j]] = int8(q)
				errs[row+j] = float32(x - g.real(q))
			}
		}
		if lo > 0 {
			kernel.Gemm(false, true, n, lo, hi-lo, 1, errs[lo:], k, f.unit[lo:], k, 1, carry, k, scratch)
		}
		hi = lo
	}
}

// tail is Σ G_jk·e_k/G_jj over j < k < hi.
func (f *gramFactor) tail(e []float32, j, hi int) float64 {
	sum := 0.0
	u := f.unit[j*f.k:]
	for k := j + 1; k < hi; k++ {
		sum += float64(float64(u[k]) * float64(e[k]))
	}
	return sum
}
