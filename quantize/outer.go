package quantize

import (
	"context"
	"math"

	"mixq/milp"
)

// Limits of the outer approximation, which with the shrinkage of a thousand images
// takes one to five rounds of a fraction of a second.
const (
	pairsGap  = 1e-3 // between objective and bound, relative, that will do
	maxRounds = 30
	maxNodes  = 20_000 // of a round
)

// minimise finds the solution of the least sensitivity within the rows; the
// result has its objective, the bound and the status. If there is none, the error
// is errInfeasible.
func (p *program) minimise(ctx context.Context) (solution, milp.Result, error) {
	sum := linear{}
	for _, c := range p.choices {
		sum[c] = c.sens
	}
	s, r, err := p.solve(ctx, p.rows, objective{linear: sum})
	if err != nil || p.table.Pairs == nil {
		return s, r, err
	}
	unit := 1.0 // tolerances of package milp are for numbers about 1
	if r.Objective > 0 {
		_, e := math.Frexp(r.Objective)
		unit = math.Ldexp(1, e)
	}
	q, err := p.form(unit)
	if err != nil {
		return nil, r, err
	}
	s, r, err = p.approximate(ctx, q, s)
	r.Objective *= unit
	r.Bound *= unit
	return s, r, err
}

// approximate minimises q by outer approximation (Duran and Grossmann 1986),
// beginning with s. A round bounds the convex part of q from below by its tangents
// at the solutions so far; the next solution is the best by this bound. Each is
// improved by exchange as well. It ends when the best is within pairsGap of the
// bound, with status Optimal, or at the limits, with Feasible.
func (p *program) approximate(ctx context.Context, q *quadraticForm, s solution) (solution, milp.Result, error) {
	best, total := s, milp.Result{Status: milp.Feasible, Objective: q.value(s), Bound: math.Inf(-1)}
	goal := objective{linear: q.linear, search: milp.Options{Nodes: maxNodes}}
	for range maxRounds {
		goal.cuts = append(goal.cuts, q.tangent(s))
		s = p.exchange(q, s)
		goal.cuts = append(goal.cuts, q.tangent(s))
		if v := q.value(s); v < total.Objective {
			best, total.Objective = s, v
		}
		goal.start = best
		var r milp.Result
		var err error
		if s, r, err = p.solve(ctx, p.rows, goal); err != nil {
			return nil, r, err
		}
		total.Bound = min(max(total.Bound, r.Bound), total.Objective)
		if total.Gap() <= pairsGap {
			total.Status = milp.Optimal
			break
		}
		if ctx.Err() != nil {
			total.Status = milp.TimeLimit
			break
		}
	}
	return best, total, nil
}
