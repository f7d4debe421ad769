package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"mixq/infer/artifact"
	"mixq/milp"
	"mixq/tensor"
)

// Limits are what an allocation must keep to.
type Limits struct {
	Size     Budget // may be none if Latency has a limit
	Overhead int64  // bytes of the file besides weights; they matter for a Size in bytes only
	Latency  LatencyBudget
}

// Allocate chooses the bits of every layer: it minimises the sum of
// sensitivities within the limits, exactly, as a multiple-choice knapsack.
// Limits that no allocation meets are a *BudgetError or *LatencyError, which
// tells what can be reached.
func Allocate(ctx context.Context, sens *SensTable, limits Limits) (*Plan, error) {
	for _, l := range sens.Layers {
		if len(l.Bits) != len(l.Sensitivity) {
			return nil, fmt.Errorf("quantize: sensitivities of layer %s are incomplete; measure them again", l.Layer)
		}
	}
	rs, err := limits.resources(ctx, sens)
	if err != nil {
		return nil, err
	}
	pick, r, err := choose(ctx, sens, rs, func(i, j int) float64 { return sens.Layers[i].Sensitivity[j] })
	if err != nil {
		return nil, err
	}
	p := &Plan{Budget: limits.Size, Objective: r.Objective, Bound: r.Bound, Status: r.Status}
	for i, l := range sens.Layers {
		b := l.Bits[pick[i]]
		p.Layers = append(p.Layers, LayerBits{l.Layer, b})
		p.Used += l.cost(limits.Size.Kind, b)
	}
	if limits.Size.Kind != NoBudget {
		p.Capacity = limits.Size.capacity(sens, limits.Overhead)
	}
	if limits.Size.Kind == FileBytes {
		p.Used += limits.Overhead
		p.Capacity += limits.Overhead
	}
	p.Latency, err = limits.Latency.predict(sens.Works, p)
	return p, err
}

// resource is something that every choice of bits takes a part of: a knapsack.
type resource struct {
	name     string
	cost     [][]int64 // by layer and candidate
	capacity int64
}

// least is what the cheapest choice takes.
func (r resource) least() int64 {
	var sum int64
	for _, c := range r.cost {
		sum += slices.Min(c)
	}
	return sum
}

// resources are the rows of the integer program. They can be met together; the
// sensitivities themselves are not looked at.
func (l Limits) resources(ctx context.Context, sens *SensTable) ([]resource, error) {
	for _, s := range sens.Layers {
		if len(s.Bits) == 0 || s.Channels < 1 || s.Weights < s.Channels {
			return nil, fmt.Errorf("quantize: the description of layer %s is incomplete; measure sensitivities again", s.Layer)
		}
	}
	if err := l.Latency.validate(); err != nil {
		return nil, err
	}
	var rs []resource
	if l.Size.Kind != NoBudget || l.Latency.Limit == 0 {
		size, err := l.Size.resource(sens, l.Overhead)
		if err != nil {
			return nil, err
		}
		rs = append(rs, size)
	}
	if l.Latency.Limit == 0 {
		return rs, nil
	}
	row, fixed, err := l.Latency.resource(sens)
	if err != nil {
		return nil, err
	}
	fastest, err := leastWithin(ctx, sens, row, rs)
	if err != nil {
		return nil, err
	}
	if fastest > row.capacity {
		return nil, &LatencyError{l.Latency.Limit, fixed + time.Duration(fastest), l.Size}
	}
	return append(rs, row), nil
}

// leastWithin is the least of r that a choice within others takes.
func leastWithin(ctx context.Context, sens *SensTable, r resource, others []resource) (int64, error) {
	if len(others) == 0 {
		return r.least(), nil
	}
	pick, _, err := choose(ctx, sens, others, func(i, j int) float64 { return float64(r.cost[i][j]) })
	if err != nil {
		return 0, err
	}
	var sum int64
	for i, j := range pick {
		sum += r.cost[i][j]
	}
	return sum, nil
}

// choose picks a candidate for every layer so that the sum of objective is
// least within the resources, which can be met.
func choose(ctx context.Context, sens *SensTable, rs []resource, objective func(layer, candidate int) float64) (pick []int, r milp.Result, err error) {
	model, cols := knapsack(sens, rs, objective)
	if r, err = model.Solve(ctx, milp.Options{}); err != nil {
		return nil, r, fmt.Errorf("quantize: allocation: %w", err)
	}
	if r.X == nil {
		return nil, r, fmt.Errorf("quantize: allocation ended as %v without a solution", r.Status)
	}
	if err := r.Check(model); err != nil {
		return nil, r, fmt.Errorf("quantize: allocation: %w", err)
	}
	for _, layer := range cols {
		pick = append(pick, slices.IndexFunc(layer, func(c milp.Col) bool { return r.X[c] == 1 }))
	}
	return pick, r, nil
}

// knapsack states the allocation: one binary column per layer and candidate,
// one choice row per layer, one row for each resource.
func knapsack(sens *SensTable, rs []resource, objective func(layer, candidate int) float64) (*milp.Model, [][]milp.Col) {
	var m milp.Model
	var all []milp.Col
	cols := make([][]milp.Col, len(sens.Layers))
	for i, l := range sens.Layers {
		for j, b := range l.Bits {
			c := m.AddCol(0, 1, objective(i, j), true)
			m.NameCol(c, fmt.Sprintf("%s=%d", l.Layer, b))
			cols[i] = append(cols[i], c)
		}
		m.NameRow(m.AddRow(1, 1, cols[i], slices.Repeat([]float64{1}, len(l.Bits))), l.Layer)
		all = append(all, cols[i]...)
	}
	for _, r := range rs {
		var costs []float64
		for _, layer := range r.cost {
			for _, c := range layer {
				costs = append(costs, float64(c))
			}
		}
		m.NameRow(m.AddRow(math.Inf(-1), float64(r.capacity), all, costs), r.name)
	}
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

func (t *SensTable) weights() int64 {
	var n int64
	for _, l := range t.Layers {
		n += l.Weights
	}
	return n
}
