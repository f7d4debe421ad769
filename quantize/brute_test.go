package quantize

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"mixq/infer/artifact"
	"mixq/milp"
	"mixq/tensor"
)

// brute tries every choice of bits of a table.
type brute struct {
	t      *SensTable
	limits Limits
	w, a   []uint8 // of layers and activations
	try    func(sens float64)
}

// each calls try for every choice that agrees with the ties.
func (b *brute) each() {
	b.w, b.a = make([]uint8, len(b.t.Layers)), make([]uint8, len(b.t.Acts))
	b.next(0, 0)
}

func (b *brute) next(i int, sens float64) {
	n := len(b.t.Layers)
	switch {
	case i < n:
		l := &b.t.Layers[i]
		b.branch(i, &b.w[i], l.Bits, l.Sensitivity, sens)
	case i < n+len(b.t.Acts):
		a := &b.t.Acts[i-n]
		b.branch(i, &b.a[i-n], a.Bits, a.Sensitivity, sens)
	case b.tied():
		b.try(sens + b.interactions())
	}
}

func (b *brute) branch(i int, width *uint8, bits []uint8, s []float64, sum float64) {
	for k, w := range bits {
		*width = w
		if s != nil {
			b.next(i+1, sum+s[k])
		} else {
			b.next(i+1, sum)
		}
	}
}

// act is what layer i reads.
func (b *brute) act(i int) int {
	return slices.IndexFunc(b.t.Acts, func(a ActSens) bool { return a.Value == b.t.Layers[i].Input })
}

// tied reports whether what ties name is equal; their patterns are "[abc]", and
// layers are letters.
func (b *brute) tied() bool {
	for _, tie := range b.limits.Ties {
		widths := map[uint8]bool{}
		for i, l := range b.t.Layers {
			if !strings.Contains(tie.Layers, l.Layer) {
				continue
			}
			switch k := b.act(i); {
			case !tie.Inputs:
				widths[b.w[i]] = true
			case len(b.t.Acts[k].Bits) > 1:
				widths[b.a[k]] = true
			}
		}
		if len(widths) > 1 {
			return false
		}
	}
	return true
}

// spent is what the choice takes of the resource of a budget and what the budget
// allows.
func (b *brute) spent(budget Budget) (used, allowed float64) {
	var weights, macs, codes, bytes, ops int64
	for i, l := range b.t.Layers {
		w := int64(b.w[i])
		weights += l.Weights
		macs += l.MACs
		codes += l.Weights * w
		bytes += artifact.WeightBytes(tensor.Shape{int(l.Channels), int(l.Weights / l.Channels)}, int(w))
		ops += l.MACs * w * int64(b.a[b.act(i)])
	}
	switch budget.Kind {
	case Compression:
		return float64(codes), 32 * float64(weights) / budget.Value
	case AverageBits:
		return float64(codes), float64(weights) * budget.Value
	case FileBytes:
		return float64(b.t.Overhead + bytes), budget.Value
	case BitOperations:
		return float64(ops), budget.Value
	case BOPsCompression:
		return float64(ops), 1024 * float64(macs) / budget.Value
	case RunTime:
		return b.time(), budget.Value
	case ActivationBytes:
		return float64(b.t.Memory), budget.Value
	}
	panic(budget.Kind)
}

// time is the latency by the table, whose first part is not a layer.
func (b *brute) time() float64 {
	ws := slices.Clone(b.t.Works)
	for i := range b.w {
		ws[i+1].Bits = b.w[i]
	}
	_, sum, err := b.limits.Table.Predict(ws)
	if err != nil {
		panic(err)
	}
	return float64(sum)
}

// within reports whether the choice keeps to all budgets but one; -1 for none.
func (b *brute) within(but int) bool {
	for i, budget := range b.limits.Budgets {
		if used, allowed := b.spent(budget); i != but && used > allowed {
			return false
		}
	}
	return true
}

// bestSum is the least sum of sensitivities; infinite if there is no choice.
func bestSum(t *SensTable, limits Limits) float64 {
	least := math.Inf(1)
	b := brute{t: t, limits: limits}
	b.try = func(sens float64) {
		if sens < least && b.within(-1) {
			least = sens
		}
	}
	b.each()
	return least
}

// leastOf is the least of the resource of budget i that a choice within the others
// takes, or any choice if alone; infinite if there is none.
func leastOf(t *SensTable, limits Limits, i int, alone bool) float64 {
	least := math.Inf(1)
	b := brute{t: t, limits: limits}
	b.try = func(float64) {
		if used, _ := b.spent(limits.Budgets[i]); used < least && (alone || b.within(i)) {
			least = used
		}
	}
	b.each()
	return least
}

// checkAllocation compares Allocate with all choices. It reports whether there was
// one within the limits.
func checkAllocation(t *testing.T, table *SensTable, limits Limits) bool {
	t.Helper()
	plan, err := Allocate(context.Background(), table, limits)
	want := bestSum(table, limits)
	if math.IsInf(want, 1) {
		checkReachable(t, table, limits, err)
		return false
	}
	if err != nil {
		t.Fatalf("%v: %v", limits.Budgets, err)
	}
	gap := 1e-12
	if table.Pairs != nil {
		gap = pairsGap
	}
	if plan.Objective < want*(1-1e-12) || plan.Objective > want*(1+gap) || plan.Bound < plan.Objective*(1-max(gap, 1e-9)) || plan.Bound > want*(1+1e-9) || plan.Status != milp.Optimal {
		t.Errorf("%v: objective %v, bound %v (%v), want %v", limits.Budgets, plan.Objective, plan.Bound, plan.Status, want)
	}
	checkPlan(t, table, limits, plan)
	return true
}

// checkPlan checks that a plan keeps to the limits and is what it says.
func checkPlan(t *testing.T, table *SensTable, limits Limits, plan *Plan) {
	t.Helper()
	b := brute{t: table, limits: limits}
	for i, l := range plan.Layers {
		b.w = append(b.w, l.Bits)
		if l.Layer != table.Layers[i].Layer || !slices.Contains(table.Layers[i].Bits, l.Bits) {
			t.Errorf("layer %d of the plan is %+v", i, l)
		}
	}
	for i, a := range plan.Acts {
		b.a = append(b.a, a.Bits)
		if a.Value != table.Acts[i].Value || !slices.Contains(table.Acts[i].Bits, a.Bits) {
			t.Errorf("activation %d of the plan is %+v", i, a)
		}
	}
	if len(b.w) != len(table.Layers) || len(b.a) != len(table.Acts) || !b.tied() || !b.within(-1) || len(plan.Budgets) != len(limits.Budgets) {
		t.Fatalf("%v: plan %+v", limits, plan)
	}
	for i, s := range plan.Budgets {
		used, allowed := b.spent(s.Budget)
		if s.Budget != limits.Budgets[i] || float64(s.Used) != used || float64(s.Capacity) != math.Floor(allowed) {
			t.Errorf("plan says %+v, took %v of %v", s, used, allowed)
		}
	}
	if ops, _ := b.spent(Budget{BitOperations, 1}); float64(plan.BOPs) != ops || plan.Memory != table.Memory {
		t.Errorf("%d BOPs and %d bytes, want %v and %d", plan.BOPs, plan.Memory, ops, table.Memory)
	}
}

// checkReachable checks the error of budgets that cannot be met: what it proposes
// in place of each can be had, and nothing better.
func checkReachable(t *testing.T, table *SensTable, limits Limits, err error) {
	t.Helper()
	e, ok := errors.AsType[*InfeasibleError](err)
	if !ok || len(e.Budgets) != len(limits.Budgets) {
		t.Fatalf("%v: error %v, want an InfeasibleError", limits.Budgets, err)
	}
	for i, r := range e.Budgets {
		least := leastOf(table, limits, i, false)
		if r.Alone != math.IsInf(least, 1) {
			t.Errorf("%v: %+v, want at least %v", limits.Budgets, r, least)
		}
		instead := limits
		instead.Budgets = slices.Clone(limits.Budgets)
		instead.Budgets[i] = r.Least
		if r.Alone {
			least = leastOf(table, limits, i, true)
			instead.Budgets = instead.Budgets[i : i+1]
		}
		if want := r.Asked.reaching(int64(least), table); r.Asked != limits.Budgets[i] || r.Least != want {
			t.Errorf("%v: nearest to %v is %v, want %v", limits.Budgets, r.Asked, r.Least, want)
		}
		if _, err := Allocate(context.Background(), table, instead); err != nil {
			t.Errorf("proposed %v: %v", r.Least, err)
		}
	}
}
