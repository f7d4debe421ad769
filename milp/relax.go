package milp

import (
	"context"
	"math"

	"mixq/milp/internal/lp"
)

// sense is +1 when minimising and -1 when maximising.
func (m *Model) sense() float64 {
	if m.Maximize {
		return -1
	}
	return 1
}

// continuous reports whether m has no integer or semi-continuous columns.
func (m *Model) continuous() bool {
	for _, c := range m.cols {
		if c.integer || c.semi {
			return false
		}
	}
	return true
}

// relaxation returns the linear relaxation of m, to be minimised. The bounds of
// integer columns are rounded inwards; semi-continuous columns may be anything
// between zero and their upper bound.
func (m *Model) relaxation() lp.Problem {
	n := len(m.cols)
	p := lp.Problem{Lo: make([]float64, n), Hi: make([]float64, n), Cost: make([]float64, n), Rows: make([]lp.Row, 0, len(m.rows))}
	for j := range m.cols {
		c := &m.cols[j]
		p.Lo[j], p.Hi[j] = c.relaxedBounds()
		p.Cost[j] = m.sense() * c.cost
	}
	entries := make([]lp.Entry, 0, len(m.ind))
	for i, r := range m.rows {
		cols, a := m.entries(Row(i))
		s := len(entries)
		for k, c := range cols {
			if a[k] != 0 {
				entries = append(entries, lp.Entry{Col: int32(c), Val: a[k]})
			}
		}
		p.Rows = append(p.Rows, lp.Row{Lo: r.lo, Hi: r.hi, Entries: entries[s:len(entries):len(entries)]})
	}
	return p
}

// relaxedBounds returns the bounds of c in the linear relaxation.
func (c *column) relaxedBounds() (lo, hi float64) {
	lo, hi = c.lo, c.hi
	if c.semi {
		lo = 0
	}
	if c.integer {
		const tol = 1e-9
		lo, hi = math.Ceil(lo-tol), math.Floor(hi+tol)
	}
	return lo, hi
}

// solveLP solves a model without integer or semi-continuous columns.
func (m *Model) solveLP(ctx context.Context) Result {
	s := lp.New(m.relaxation())
	return m.lpResult(s, s.Solve(ctx, lp.Limits{Cutoff: math.Inf(1)}))
}

// lpResult translates the outcome of the relaxation of m.
func (m *Model) lpResult(s *lp.Solver, st lp.Status) Result {
	r := Result{Iters: int64(s.Iters()), Objective: m.sense() * math.Inf(1), Bound: m.sense() * math.Inf(-1)}
	switch st {
	case lp.Optimal:
		r.Status = Optimal
		r.X = s.X(nil)
		r.Objective = m.Objective(r.X)
		r.Bound = r.Objective
		r.Certificate = Certificate{Kind: Dual, Rows: s.Duals(nil)}
		r.Certificate.Bound = m.dualBound(r.Certificate.Rows)
	case lp.Infeasible:
		r.Status, r.Bound = Infeasible, r.Objective
		if y := s.Farkas(); y != nil {
			r.Certificate = Certificate{Kind: Farkas, Rows: y, Bound: r.Bound}
		}
	case lp.Unbounded:
		r.Status, r.Objective = Unbounded, r.Bound
		r.X = s.X(nil)
		r.Certificate = Certificate{Kind: Ray, Cols: s.Ray(), Bound: r.Bound}
	case lp.Stopped, lp.IterLimit:
		r.Status = TimeLimit
	default:
		r.Status = NumericalTrouble
	}
	return r
}

// reducedCosts returns sense·cost - yᵀA, or -yᵀA without the cost.
func (m *Model) reducedCosts(y []float64, withCost bool) []float64 {
	d := make([]neumaier, len(m.cols))
	for j := range d {
		if withCost {
			d[j].add(m.sense() * m.cols[j].cost)
		}
	}
	for i, v := range y {
		if v == 0 {
			continue
		}
		cols, a := m.entries(Row(i))
		for k, c := range cols {
			d[c].add(-v * a[k])
		}
	}
	out := make([]float64, len(d))
	for j := range d {
		out[j] = d[j].sum()
	}
	return out
}

// dualBound returns the bound on the objective that the row multipliers y
// (of the minimisation) prove: every multiplier takes the side of its row, and
// every reduced cost the bound, that makes it smallest. Reduced costs within the
// tolerance of the simplex method are taken for zero where there is no bound.
func (m *Model) dualBound(y []float64) float64 {
	var sum neumaier
	add := func(v, lo, hi float64) {
		side := lo
		if v < 0 {
			side = hi
		}
		if v == 0 || math.IsInf(side, 0) && math.Abs(v) <= dualTol {
			return
		}
		sum.add(v * side)
	}
	for i, v := range y {
		add(v, m.rows[i].lo, m.rows[i].hi)
	}
	for j, v := range m.reducedCosts(y, true) {
		lo, hi := m.cols[j].relaxedBounds()
		add(v, lo, hi)
	}
	return m.Offset + m.sense()*sum.sum()
}

// contradiction returns how far the row combination y is from what the bounds
// of the columns allow: positive proves that the rows cannot all hold.
func (m *Model) contradiction(y []float64) float64 {
	var sum neumaier
	size := 0.0
	add := func(v, lo, hi float64) {
		side := lo
		if v < 0 {
			side = hi
		}
		if v == 0 || math.IsInf(side, 0) && math.Abs(v) <= size*1e-9 {
			return
		}
		sum.add(v * side)
	}
	for _, v := range y {
		size = math.Max(size, math.Abs(v))
	}
	for i, v := range y {
		add(v, m.rows[i].lo, m.rows[i].hi)
	}
	for j, v := range m.reducedCosts(y, false) {
		lo, hi := m.cols[j].relaxedBounds()
		add(v, lo, hi)
	}
	return sum.sum()
}
