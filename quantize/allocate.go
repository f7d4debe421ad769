package quantize

import (
	"context"
	"fmt"
	"math"

	"mixq/infer/artifact"
	"mixq/milp"
	"mixq/tensor"
)

// Allocate chooses the bits of every layer: it minimises the sum of
// sensitivities within the budget, exactly, as a multiple-choice knapsack.
// overhead is what the file takes besides weights, in bytes; it matters for
// budgets in bytes only. A budget that no allocation meets is an error that
// names the smallest size that can be reached.
func Allocate(ctx context.Context, sens *SensTable, budget Budget, overhead int64) (*Plan, error) {
	if err := feasible(sens, budget, overhead); err != nil {
		return nil, err
	}
	for _, l := range sens.Layers {
		if len(l.Bits) != len(l.Sensitivity) {
			return nil, fmt.Errorf("quantize: sensitivities of layer %s are incomplete; measure them again", l.Layer)
		}
	}
	capacity := budget.capacity(sens, overhead)
	model, cols := knapsack(sens, budget.Kind, capacity)
	r, err := model.Solve(ctx, milp.Options{})
	if err != nil {
		return nil, fmt.Errorf("quantize: allocation: %w", err)
	}
	if r.X == nil {
		return nil, fmt.Errorf("quantize: allocation ended as %v without a solution", r.Status)
	}
	if err := r.Check(model); err != nil {
		return nil, fmt.Errorf("quantize: allocation: %w", err)
	}
	p := &Plan{Budget: budget, Objective: r.Objective, Bound: r.Bound, Status: r.Status, Capacity: capacity}
	for i, l := range sens.Layers {
		for j, b := range l.Bits {
			if r.X[cols[i][j]] == 1 {
				p.Layers = append(p.Layers, LayerBits{l.Layer, b})
				p.Used += l.cost(budget.Kind, b)
			}
		}
	}
	if budget.Kind == FileBytes {
		p.Used += overhead
		p.Capacity += overhead
	}
	return p, nil
}

// feasible checks that some allocation meets the budget. The sensitivities
// themselves are not looked at.
func feasible(sens *SensTable, budget Budget, overhead int64) error {
	if err := budget.validate(); err != nil {
		return err
	}
	var least int64
	for _, l := range sens.Layers {
		if len(l.Bits) == 0 || l.Channels < 1 || l.Weights < l.Channels {
			return fmt.Errorf("quantize: the description of layer %s is incomplete; measure sensitivities again", l.Layer)
		}
		least += l.cheapest(budget.Kind)
	}
	if least > budget.capacity(sens, overhead) {
		return &BudgetError{budget, reachable(budget.Kind, least, overhead, sens)}
	}
	return nil
}

// knapsack states the allocation: one binary column per layer and candidate,
// one choice row per layer, one row for the budget.
func knapsack(sens *SensTable, kind BudgetKind, capacity int64) (*milp.Model, [][]milp.Col) {
	var m milp.Model
	var all []milp.Col
	var costs []float64
	cols := make([][]milp.Col, len(sens.Layers))
	for i, l := range sens.Layers {
		ones := make([]float64, len(l.Bits))
		for j, b := range l.Bits {
			c := m.AddCol(0, 1, l.Sensitivity[j], true)
			m.NameCol(c, fmt.Sprintf("%s=%d", l.Layer, b))
			cols[i] = append(cols[i], c)
			costs = append(costs, float64(l.cost(kind, b)))
			ones[j] = 1
		}
		m.NameRow(m.AddRow(1, 1, cols[i], ones), l.Layer)
		all = append(all, cols[i]...)
	}
	m.NameRow(m.AddRow(math.Inf(-1), float64(capacity), all, costs), "budget")
	return &m, cols
}

// cost of the layer's weights at b bits: bits of packed codes, or bytes of the
// file with scales, zero points and padding (NUMERICS.md 22).
func (l LayerSens) cost(kind BudgetKind, b uint8) int64 {
	if kind == FileBytes {
		return artifact.WeightBytes(tensor.Shape{int(l.Channels), int(l.Weights / l.Channels)}, int(b))
	}
	return l.Weights * int64(b)
}

func (l LayerSens) cheapest(kind BudgetKind) int64 {
	least := int64(math.MaxInt64)
	for _, b := range l.Bits {
		least = min(least, l.cost(kind, b))
	}
	return least
}

func (t *SensTable) weights() int64 {
	var n int64
	for _, l := range t.Layers {
		n += l.Weights
	}
	return n
}

// capacity is what the weights may take: bits of codes, or bytes of the file.
func (b Budget) capacity(t *SensTable, overhead int64) int64 {
	n := float64(t.weights())
	switch b.Kind {
	case Compression:
		return int64(32 * n / b.Value)
	case AverageBits:
		return int64(b.Value * n)
	}
	return int64(min(b.Value, math.MaxInt64/2)) - overhead
}

// reachable is the tightest budget of a kind, given the least cost. It is
// rounded so that asking for it works.
func reachable(kind BudgetKind, least, overhead int64, t *SensTable) Budget {
	n := float64(t.weights())
	switch kind {
	case Compression:
		return Budget{kind, math.Floor(32*n/float64(least)*1000) / 1000}
	case AverageBits:
		return Budget{kind, math.Ceil(float64(least)/n*1000) / 1000}
	}
	return Budget{kind, float64(least + overhead)}
}
