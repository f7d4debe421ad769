package milp

import (
	"context"
	"math"

	"mixq/milp/internal/lp"
)

// solveGeneral solves a model with integer or semi-continuous columns by branch
// and bound on its linear relaxation.
func (m *Model) solveGeneral(ctx context.Context, o Options) Result {
	t := newTree(ctx, m, o)
	t.lp = lp.New(m.relaxation())
	t.lpLo, t.lpHi = append([]float64(nil), t.rootLo...), append([]float64(nil), t.rootHi...)
	t.lo, t.hi = append([]float64(nil), t.rootLo...), append([]float64(nil), t.rootHi...)
	switch st := t.solveLP(math.Inf(1)); st {
	case lp.Optimal:
	case lp.Unbounded:
		return m.solveUnbounded(ctx, o, t.lp.Ray())
	default:
		return m.lpResult(t.lp, st)
	}
	cert := Certificate{Kind: Dual, Rows: t.lp.Duals(nil)}
	cert.Bound = m.dualBound(cert.Rows)
	if len(o.Start) == len(m.cols) {
		t.offer(o.Start)
	}
	st := t.solveRoot()
	r := t.result(st)
	r.Certificate = cert
	if r.Status == Infeasible {
		r.Certificate = Certificate{}
	} else if m.sense()*(cert.Bound-r.Bound) > 0 {
		r.Certificate.Bound = cert.Bound
	}
	return r
}

// solveRoot tightens the root, then searches the tree.
func (t *tree) solveRoot() lp.Status {
	t.prop.pushAll()
	if !t.prop.run(t.rootLo, t.rootHi) || !t.divisible() {
		return lp.Optimal // nothing is feasible
	}
	copy(t.lo, t.rootLo)
	copy(t.hi, t.rootHi)
	if st := t.solveLP(math.Inf(1)); st != lp.Optimal {
		if st == lp.Infeasible {
			return lp.Optimal
		}
		return st
	}
	return t.run(t.lp.Objective())
}

// divisible reports whether every row over integer columns alone has a multiple
// of the common divisor of its coefficients between its sides.
func (t *tree) divisible() bool {
	for i := range t.m.rows {
		r, err := t.m.integral(Row(i))
		if err != nil {
			continue
		}
		var g int64
		for k, c := range r.cols {
			if !t.m.cols[c].integer || t.m.cols[c].semi {
				g = 1
				break
			}
			if r.a[k] != 0 {
				g = gcd(g, max(r.a[k], -r.a[k]))
			}
		}
		if g > 1 && r.lo != noLower && r.hi != noUpper && floorDiv(r.hi, g) < -floorDiv(-r.lo, g) {
			return false
		}
	}
	return true
}

// floorDiv returns a/b rounded down, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// result translates the end of the search back to the model.
func (t *tree) result(st lp.Status) Result {
	s := t.m.sense()
	r := Result{Nodes: t.nodes, Iters: int64(t.lp.Iters()), Objective: s * math.Inf(1)}
	bound := t.lowerBound()
	r.Bound = s*bound + t.m.Offset
	if t.best != nil {
		r.X = t.best
		r.Objective = t.m.Objective(t.best)
	}
	switch st {
	case lp.Stopped:
		r.Status = TimeLimit
		return r
	case lp.IterLimit:
		r.Status = NodeLimit
		return r
	case lp.Optimal:
	default:
		t.lost = math.Inf(-1)
		r.Bound = -s * math.Inf(1)
	}
	switch {
	case t.lost < t.cutoff() && t.best != nil:
		r.Status = Feasible
	case t.lost < t.cutoff():
		r.Status = NumericalTrouble
	case t.best == nil:
		r.Status = Infeasible
	default:
		r.Status = Optimal
		r.Bound = r.Objective
		if t.opts.Gap > 0 {
			r.Bound = r.Objective - s*t.opts.Gap*math.Abs(r.Objective)
		}
	}
	return r
}

// solveUnbounded decides what an unbounded relaxation means: the model is
// unbounded if it has any solution.
func (m *Model) solveUnbounded(ctx context.Context, o Options, ray []float64) Result {
	feas := *m
	feas.cols = append([]column(nil), m.cols...)
	for j := range feas.cols {
		feas.cols[j].cost = 0
	}
	o.Progress = nil
	r := feas.solveGeneral(ctx, o)
	r.Certificate = Certificate{}
	switch r.Status {
	case Optimal, Feasible:
		r.Status = Unbounded
		r.Objective, r.Bound = -m.sense()*math.Inf(1), -m.sense()*math.Inf(1)
		r.Certificate = Certificate{Kind: Ray, Cols: ray, Bound: r.Bound}
	case Infeasible:
		r.Objective, r.Bound = m.sense()*math.Inf(1), m.sense()*math.Inf(1)
	default:
		r.Bound = -m.sense() * math.Inf(1)
	}
	return r
}
