package quantize

import (
	"context"
	"fmt"
	"slices"
)

// Allocate chooses the bits of the weights of every layer and of every
// activation: it minimises the sum of sensitivities within the limits, exactly,
// as an integer program; with interactions (SensTable.Pairs) xᵀGx, up to a gap that
// the plan tells. Budgets that no choice meets together are an
// *InfeasibleError, which tells what can be reached.
func Allocate(ctx context.Context, sens *SensTable, limits Limits) (*Plan, error) {
	if err := sens.complete(); err != nil {
		return nil, err
	}
	p, err := newProgram(sens, limits)
	if err != nil {
		return nil, err
	}
	s, r, err := p.minimise(ctx)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	plan := &Plan{Objective: r.Objective, Bound: r.Bound, Status: r.Status, Memory: sens.Memory}
	for i, l := range sens.Layers {
		plan.Layers = append(plan.Layers, LayerBits{l.Layer, s.bits(p.weights[i])})
	}
	for i, a := range sens.Acts {
		plan.Acts = append(plan.Acts, ActBits{a.Value, s.bits(p.acts[i])})
	}
	for _, row := range p.rows {
		plan.Budgets = append(plan.Budgets, Spent{row.budget, p.spent(row.cost, s), row.capacity})
	}
	if c, err := bitOperations(sens, nil); err == nil { // what sensitivities tell without a budget of them
		plan.BOPs = p.spent(c, s)
	}
	plan.Latency, err = limits.latency(sens, p, s)
	return plan, err
}

// latency is what the table says about a solution; nil without a table.
func (l Limits) latency(sens *SensTable, p *program, s solution) (*PlanLatency, error) {
	t := l.Table
	if t == nil {
		return nil, nil
	}
	c, err := runTime(sens, t)
	if err != nil {
		return nil, err
	}
	limit := 0.0
	for _, b := range l.Budgets {
		if b.Kind == RunTime && (limit == 0 || b.Value < limit) {
			limit = b.Value
		}
	}
	return &PlanLatency{float64(p.spent(c, s)) / 1e6, limit / 1e6, t.ISA, t.Threads, t.Batch}, nil
}

// check says what the description of layers and activations lacks. The bits are
// used as indices and shifts.
func (t *SensTable) check() error {
	for _, l := range t.Layers {
		if checkBits(l.Bits) != nil || l.Channels < 1 || l.Weights < l.Channels || l.MACs < 0 {
			return fmt.Errorf("quantize: the description of layer %s is incomplete; measure sensitivities again", l.Layer)
		}
	}
	for _, a := range t.Acts {
		if checkBits(a.Bits) != nil {
			return fmt.Errorf("quantize: the description of activation %s is incomplete; measure sensitivities again", a.Value)
		}
	}
	return nil
}

// complete fails if something that there is a choice of was not measured.
func (t *SensTable) complete() error {
	n := 0
	for _, l := range t.Layers {
		if len(l.Bits) != len(l.Sensitivity) {
			return fmt.Errorf("quantize: sensitivities of layer %s are incomplete; measure them again", l.Layer)
		}
		n += len(l.Bits)
	}
	for _, a := range t.Acts {
		if n := len(a.Sensitivity); n != len(a.Bits) && (n > 0 || len(a.Bits) > 1) {
			return fmt.Errorf("quantize: sensitivities of activation %s are incomplete; measure them again", a.Value)
		}
		n += len(a.Sensitivity)
	}
	if t.Pairs == nil {
		return nil
	}
	return t.Pairs.check(n)
}

// act is the place of the activation of that name; -1 if there is none.
func (t *SensTable) act(name string) int {
	return slices.IndexFunc(t.Acts, func(a ActSens) bool { return a.Value == name })
}
