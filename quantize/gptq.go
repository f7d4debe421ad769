package quantize

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Gram-matrix rounding (OBQ, Frantar and Alistarh 2022; GPTQ, Frantar et al.
// 2023). For a row w and inputs with second moments H, the rounding error is
// (w − q)ᵀH(w − q). Rounding column j and letting the columns after it absorb
// the error optimally needs only the rows of the upper Cholesky factor U of
// H⁻¹ = UᵀU: with e = (w_j − q_j)/U_jj, subtract e·U[j, j+1:] from w[j+1:].
// Columns are taken in descending order of diag H, so that those that matter
// most are rounded while others can still compensate.

// gramFactor is that factor of one matrix, with its column order.
type gramFactor struct {
	order []int     // column taken at each step
	u     []float64 // K×K upper triangular, row-major, in that order
}

// newGramFactor factors h, which must be positive definite (damped).
func newGramFactor(h *mat.SymDense) (*gramFactor, error) {
	k := h.SymmetricDim()
	f := &gramFactor{order: make([]int, k)}
	for i := range f.order {
		f.order[i] = i
	}
	slices.SortStableFunc(f.order, func(a, b int) int {
		switch ha, hb := h.At(a, a), h.At(b, b); {
		case ha > hb:
			return -1
		case ha < hb:
			return 1
		}
		return 0
	})
	p := mat.NewSymDense(k, nil)
	for i, a := range f.order {
		for j := i; j < k; j++ {
			p.SetSym(i, j, h.At(a, f.order[j]))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(p) {
		return nil, fmt.Errorf("the Gram matrix is not positive definite; the calibration inputs are degenerate")
	}
	inv := mat.NewSymDense(k, nil)
	if err := chol.InverseTo(inv); err != nil {
		return nil, fmt.Errorf("the Gram matrix cannot be inverted: %w", err)
	}
	if !chol.Factorize(inv) {
		return nil, fmt.Errorf("the inverse Gram matrix is not positive definite; the calibration inputs are degenerate")
	}
	u := mat.NewTriDense(k, mat.Upper, nil)
	chol.UTo(u)
	f.u = u.RawTriangular().Data
	return f, nil
}

// round writes the codes of row w on grid g. work is scratch of length K.
func (f *gramFactor) round(codes []int8, w []float64, g grid, work []float64) {
	k := len(f.order)
	for i, c := range f.order {
		work[i] = w[c]
	}
	for j, c := range f.order {
		u := f.u[j*k : j*k+k]
		q := g.round(work[j])
		codes[c] = int8(q)
		e := (work[j] - g.real(q)) / u[j]
		floats.AddScaled(work[j+1:], -e, u[j+1:])
	}
}
