package quantize

import (
	"fmt"

	"mixq/milp"
)

// Plan is the product of Allocate: the bit-width of every layer, with the
// proof of its optimality.
type Plan struct {
	Budget    Budget
	Layers    []LayerBits
	Objective float64 // sum of the chosen sensitivities
	Bound     float64 // no allocation within the budget has a smaller sum
	Status    milp.Status
	Used      int64 // bits of packed codes, or bytes of the file for a budget in bytes
	Capacity  int64 // in the same unit; 0 without a budget of the size

	Latency *PlanLatency `json:",omitempty"` // nil without a latency table
}

// PlanLatency is what a latency table says about a plan.
type PlanLatency struct {
	Predicted float64 `json:"predicted_ms"`
	Limit     float64 `json:"limit_ms,omitempty"` // 0: none
	ISA       string  `json:"isa"`
	Threads   int     `json:"threads"`
	Batch     int     `json:"batch"`
}

// LayerBits is the decision for one layer.
type LayerBits struct {
	Layer string
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
