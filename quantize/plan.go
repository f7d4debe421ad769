package quantize

import (
	"fmt"

	"mixq/milp"
)

// Plan is the product of Allocate: the bit-widths of every layer and activation,
// with the proof of their optimality.
type Plan struct {
	Budgets   []Spent `json:",omitempty"`
	Layers    []LayerBits
	Acts      []ActBits
	Objective float64     // sum of the chosen sensitivities, with their interactions if these were measured
	Bound     float64     // no allocation within the limits has a smaller one
	Status    milp.Status // Optimal with interactions: within a thousandth
	BOPs      int64       // of a run: the sum over layers of MACs·Wbits·Abits
	Memory    int64       // bytes of the activations of one image, whatever their bits

	Latency *PlanLatency `json:",omitempty"` // nil without a latency table
}

// Spent is what a plan takes of a budget; Budget.Counts says in which unit.
type Spent struct {
	Budget         Budget
	Used, Capacity int64
}

// PlanLatency is what a latency table says about a plan.
type PlanLatency struct {
	Predicted float64 `json:"predicted_ms"`
	Limit     float64 `json:"limit_ms,omitempty"` // 0: none
	ISA       string  `json:"isa"`
	Threads   int     `json:"threads"`
	Batch     int     `json:"batch"`
}

// LayerBits is the decision for the weights of one layer.
type LayerBits struct {
	Layer string
	Bits  uint8
}

// ActBits is the decision for one activation and all values that share its grid.
type ActBits struct {
	Value string
	Bits  uint8
}

// bits returns the decision for a layer; an unplanned one is an error.
func (p *Plan) bits(name string) (uint8, error) {
	for _, l := range p.Layers {
		if l.Layer == name {
			return l.Bits, nil
		}
	}
	return 0, fmt.Errorf("quantize: the plan has no layer %s; allocate again", name)
}

// actBits returns the decision for an activation; an unplanned one is an error.
func (p *Plan) actBits(name string) (uint8, error) {
	for _, a := range p.Acts {
		if a.Value == name {
			return a.Bits, nil
		}
	}
	return 0, fmt.Errorf("quantize: the plan has no activation %s; allocate again", name)
}
