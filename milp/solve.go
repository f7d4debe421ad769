package milp

import (
	"context"
	"fmt"
	"math"
)

// Options tune Solve. The zero value asks for a proven optimum.
type Options struct {
	// Gap is the relative gap |Objective-Bound|/|Objective| at which the search may end.
	Gap float64
	// Nodes ends the search after about that many nodes; 0 means no limit.
	Nodes int64
	// Start is a solution to begin with: ignored unless it is feasible.
	Start []float64
	// Progress, if not nil, is called from the solving goroutine now and then.
	Progress func(Progress)
}

// Progress is a snapshot of a running search, in the sense of the model.
type Progress struct {
	Nodes, Iters     int64
	Objective, Bound float64 // infinite while unknown
}

func (o Options) validate() error {
	if !(o.Gap >= 0) || math.IsInf(o.Gap, 0) {
		return fmt.Errorf("milp: Options.Gap is %v; it must be 0 or a positive number", o.Gap)
	}
	if o.Nodes < 0 {
		return fmt.Errorf("milp: Options.Nodes is %d; it must not be negative", o.Nodes)
	}
	return nil
}

// Solve finds an optimal solution and proves it. When ctx ends first it returns,
// within milliseconds, what is known so far with status TimeLimit: the best
// solution, if any, and a bound that holds. An error means that the model or
// the options are malformed, or that the model is none the package can solve;
// it names the row or column.
func (m *Model) Solve(ctx context.Context, o Options) (Result, error) {
	if err := o.validate(); err != nil {
		return Result{}, err
	}
	if err := m.Validate(); err != nil {
		return Result{}, err
	}
	if m.continuous() {
		return m.solveLP(ctx), nil
	}
	switch c, err := detect(m, &pace{ctx: ctx}); {
	case err == nil:
		return c.solve(ctx, o), nil
	case ctx.Err() != nil:
		return m.unknown(), nil
	}
	return m.solveGeneral(ctx, o), nil
}

// unknown is the result of a search that ended before it knew anything.
func (m *Model) unknown() Result {
	return Result{Status: TimeLimit, Objective: m.sense() * math.Inf(1), Bound: -m.sense() * math.Inf(1)}
}

// relGap is the relative gap between an objective and a bound.
func relGap(obj, bound float64) float64 {
	if obj == bound {
		return 0
	}
	if math.IsInf(obj, 0) || math.IsInf(bound, 0) {
		return math.Inf(1)
	}
	return math.Abs(obj-bound) / math.Max(1e-10, math.Abs(obj))
}
