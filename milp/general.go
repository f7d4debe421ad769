package milp

import (
	"context"
	"math"

	"mixq/milp/internal/lp"
)

// solveGeneral solves a model with integer or semi-continuous columns: the
// linear relaxation for its certificate, then presolve and branch and bound.
func (m *Model) solveGeneral(ctx context.Context, o Options) Result {
	p := m.relaxation()
	if ctx.Err() != nil {
		return m.unknown()
	}
	root := lp.New(p)
	switch st := root.Solve(ctx, lp.Limits{Cutoff: math.Inf(1)}); st {
	case lp.Optimal:
	case lp.Unbounded:
		return m.solveUnbounded(ctx, o, root.Ray())
	default:
		return m.lpResult(root, st)
	}
	cert := Certificate{Kind: Dual, Rows: root.Duals(nil)}
	cert.Bound = m.dualBound(cert.Rows)
	r := m.solvePresolved(ctx, o)
	r.Iters += int64(root.Iters())
	if r.Status == Infeasible {
		return r
	}
	r.Certificate = cert
	if r.Bound != r.Objective && m.sense()*(cert.Bound-r.Bound) > 0 {
		r.Bound = cert.Bound // which is as good as the objective if the root had no gap
		if m.sense()*(r.Bound-r.Objective) > 0 {
			r.Bound = r.Objective
		}
	}
	return r
}

// solvePresolved solves the presolved model and extends its solution.
func (m *Model) solvePresolved(ctx context.Context, o Options) Result {
	small, left, stack, ok := presolve(m)
	if !ok {
		return Result{Status: Infeasible, Objective: m.sense() * math.Inf(1), Bound: m.sense() * math.Inf(1)}
	}
	r := small.solveTree(ctx, small.restrict(o, left, m))
	if r.X == nil {
		return r
	}
	x := m.extend(r.X, left, stack)
	if m.Feasible(x) != nil && !m.polish(ctx, x) {
		return m.solveTree(ctx, o) // rounding errors of presolve: do without
	}
	r.X, r.Objective = x, m.Objective(x)
	if r.Status == Optimal && o.Gap == 0 {
		r.Bound = r.Objective
	}
	return r
}

// restrict translates the start of o to the presolved model.
func (small *Model) restrict(o Options, left []Col, m *Model) Options {
	if len(o.Start) != len(m.cols) {
		o.Start = nil
		return o
	}
	start := make([]float64, len(left))
	for k, j := range left {
		start[k] = o.Start[j]
	}
	o.Start = start
	return o
}

// extend computes the values of the columns that presolve removed.
func (m *Model) extend(x []float64, left []Col, stack []reduction) []float64 {
	out := make([]float64, len(m.cols))
	for k, j := range left {
		out[j] = x[k]
	}
	for k := len(stack) - 1; k >= 0; k-- {
		stack[k].undo(out)
	}
	for j, c := range m.cols {
		if c.integer {
			out[j] = math.Round(out[j])
		}
	}
	return out
}

// polish keeps the discrete columns of x and solves for the others again. It
// reports whether x is feasible then.
func (m *Model) polish(ctx context.Context, x []float64) bool {
	p := m.relaxation()
	for j, c := range m.cols {
		switch {
		case c.integer:
			p.Lo[j], p.Hi[j] = x[j], x[j]
		case c.semi && x[j] < c.lo/2:
			p.Hi[j] = 0
		case c.semi:
			p.Lo[j] = c.lo
		}
	}
	s := lp.New(p)
	if s.Solve(ctx, lp.Limits{Cutoff: math.Inf(1)}) != lp.Optimal {
		return false
	}
	copy(x, s.X(nil))
	for j, c := range m.cols {
		if c.integer {
			x[j] = math.Round(x[j])
		}
	}
	return m.Feasible(x) == nil
}

// solveTree solves m by branch and bound.
func (m *Model) solveTree(ctx context.Context, o Options) Result {
	return m.solveSub(newTree(ctx, m, o))
}

// solveSub runs the search t for m.
func (m *Model) solveSub(t *tree) Result {
	t.lp = lp.New(m.relaxation())
	t.lpLo, t.lpHi = append([]float64(nil), t.rootLo...), append([]float64(nil), t.rootHi...)
	t.lo, t.hi = append([]float64(nil), t.rootLo...), append([]float64(nil), t.rootHi...)
	if len(t.opts.Start) == len(m.cols) {
		t.offer(t.opts.Start)
	}
	return t.result(t.solveRoot())
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
	t.floor = t.lp.Objective()
	if len(t.fractional(t.x)) > 0 {
		t.roundByLocks(t.fractional(t.x))
		switch st := t.cutRoot(); st {
		case lp.Optimal:
		case lp.Infeasible, lp.Cutoff:
			return lp.Optimal
		default:
			return st
		}
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
	r := Result{Nodes: t.nodes, Iters: int64(t.lp.Iters()) + t.extra, Objective: s * math.Inf(1)}
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
		r.Status, r.Bound = Infeasible, r.Objective
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
