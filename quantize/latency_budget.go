package quantize

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// LatencyBudget is an upper limit of the time of a run, by a table. Without a
// limit the table only predicts.
type LatencyBudget struct {
	Limit time.Duration // 0: none
	Table *LatencyTable // nil: no prediction, and no limit
}

func (b LatencyBudget) validate() error {
	switch {
	case b.Limit < 0:
		return fmt.Errorf("quantize: latency budget %v is not positive", b.Limit)
	case b.Limit > 0 && b.Table == nil:
		return errors.New("quantize: a latency budget needs a latency table")
	case b.Table == nil:
		return nil
	}
	return b.Table.validate()
}

// resource is the row of the latency; fixed is the time of all that has no
// weights.
func (b LatencyBudget) resource(sens *SensTable) (r resource, fixed time.Duration, err error) {
	var ws []Work
	layers := map[string]Work{}
	for _, w := range sens.Works {
		if w.Bits == 0 {
			ws = append(ws, w)
		} else {
			layers[w.Layer] = w
		}
	}
	rest := len(ws)
	for _, l := range sens.Layers {
		w, ok := layers[l.Layer]
		if !ok {
			return r, 0, fmt.Errorf("quantize: the sensitivities do not describe the shape of %s, which a latency budget needs; measure them again", l.Layer)
		}
		for _, w.Bits = range l.Bits {
			ws = append(ws, w)
		}
	}
	each, _, err := b.Table.Predict(ws)
	if err != nil {
		return r, 0, err
	}
	for _, d := range each[:rest] {
		fixed += d
	}
	each = each[rest:]
	r = resource{name: "latency", capacity: int64(b.Limit - fixed)}
	for _, l := range sens.Layers {
		costs := make([]int64, len(l.Bits))
		for j := range costs {
			costs[j] = int64(each[j])
		}
		r.cost, each = append(r.cost, costs), each[len(costs):]
	}
	return r, fixed, nil
}

// predict is the latency of a plan; nil without a table.
func (b LatencyBudget) predict(works []Work, p *Plan) (*PlanLatency, error) {
	if b.Table == nil {
		return nil, nil
	}
	ws := slices.Clone(works)
	for i, w := range ws {
		if w.Bits == 0 {
			continue
		}
		var err error
		if ws[i].Bits, err = p.bits(w.Layer); err != nil {
			return nil, err
		}
	}
	_, sum, err := b.Table.Predict(ws)
	return &PlanLatency{ms(sum), ms(b.Limit), b.Table.ISA, b.Table.Threads, b.Table.Batch}, err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// LatencyError says that no allocation of the candidate bits is fast enough
// within the budget of the size.
type LatencyError struct {
	Limit, Fastest time.Duration
	Budget         Budget // of the size; the zero value for none
}

func (e *LatencyError) Error() string {
	within := ""
	if e.Budget != (Budget{}) {
		within = fmt.Sprintf(" and budget %v", e.Budget)
	}
	return fmt.Sprintf("quantize: latency budget %v is impossible: with these candidate bits%s the fastest takes %v; ask for no less or allow other bits",
		e.Limit, within, e.Fastest)
}
