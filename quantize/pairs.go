package quantize

import (
	"errors"
	"fmt"
	"slices"
)

// Pairs are the interactions of all candidates of a table: of the layers in order,
// each at its bit-widths, then of the activations that have a choice. With the
// symmetric matrix G that has them beside a diagonal of sensitivities, and the
// indicator x of a choice, xᵀGx is the sensitivity of the whole, of which CLADO
// (Deng et al. 2023) measures the elements by forward passes.
type Pairs struct {
	// Shrinkage is the share of the interactions between layers that is noise of
	// the images measured on, from 0 to 1. Allocate takes off that share of all.
	Shrinkage float64
	Rows      [][]float64 // row i has columns 0 to i−1
}

// at is the interaction of two different candidates that is to be reckoned with.
func (p *Pairs) at(i, j int) float64 {
	return (1 - p.Shrinkage) * p.Rows[max(i, j)][min(i, j)]
}

// check fails unless p is for n candidates and finite.
func (p *Pairs) check(n int) error {
	if !(p.Shrinkage >= 0 && p.Shrinkage <= 1) {
		return fmt.Errorf("quantize: shrinkage of the interactions is %v, want 0 to 1; measure sensitivities again", p.Shrinkage)
	}
	if len(p.Rows) != n {
		return fmt.Errorf("quantize: interactions of %d candidates, but sensitivities of %d; measure them again", len(p.Rows), n)
	}
	for i, row := range p.Rows {
		if len(row) != i {
			return fmt.Errorf("quantize: row %d of the interactions has %d numbers, want %d; measure sensitivities again", i, len(row), i)
		}
		if slices.ContainsFunc(row, func(v float64) bool { return v-v != 0 }) {
			return errors.New("quantize: interactions must be finite; measure sensitivities again")
		}
	}
	return nil
}

// restrict is p for those candidates that are kept.
func (p *Pairs) restrict(kept []int) *Pairs {
	out := &Pairs{Shrinkage: p.Shrinkage}
	for i, a := range kept {
		row := make([]float64, i)
		for j, b := range kept[:i] {
			row[j] = p.Rows[max(a, b)][min(a, b)]
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
