package milp

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Tolerances of Check. Rows whose entries are all integers are checked exactly.
const (
	feasTol  = 1e-6 // violation of a bound or row, relative to its largest term or one
	dualTol  = 1e-7 // reduced cost of the wrong sign where there is no bound to pay for it
	lpTol    = 1e-6 // gap between the primal and the dual of a linear program, relative
	boundTol = 1e-9 // difference between a stated and a recomputed objective or bound, relative
)

// Check recomputes from the model alone everything r claims and says what does
// not hold: that X satisfies bounds, integrality and rows (exactly, in int64,
// where a row has only integer columns and coefficients), that Objective is its value,
// that Bound does not contradict it, and that the certificate proves what it
// states. It cannot recheck a search: an optimum is proven without trust only
// where Certificate.Bound equals Objective.
func (r *Result) Check(m *Model) error {
	if err := m.Validate(); err != nil {
		return err
	}
	if r.X == nil {
		if r.Status == Optimal || r.Status == Feasible {
			return fmt.Errorf("milp: check: status %v without a solution", r.Status)
		}
	} else if err := r.checkSolution(m); err != nil {
		return err
	}
	return r.checkCertificate(m)
}

func (r *Result) checkSolution(m *Model) error {
	if r.Status == Infeasible {
		return errors.New("milp: check: status infeasible with a solution")
	}
	if err := m.Feasible(r.X); err != nil {
		return err
	}
	if obj := m.Objective(r.X); !agree(obj, r.Objective, boundTol) {
		return fmt.Errorf("milp: check: objective is %v, stated as %v", obj, r.Objective)
	}
	over := r.Bound - r.Objective
	if m.Maximize {
		over = -over
	}
	if over > boundTol*math.Max(1, math.Abs(r.Objective)) {
		return fmt.Errorf("milp: check: bound %v is beyond the objective %v", r.Bound, r.Objective)
	}
	return nil
}

// Feasible reports the first bound, integrality requirement or row that x violates.
func (m *Model) Feasible(x []float64) error {
	if len(x) != len(m.cols) {
		return fmt.Errorf("milp: check: %d values for %d columns", len(x), len(m.cols))
	}
	for j, c := range m.cols {
		v := x[j]
		tol := feasTol * math.Max(1, math.Abs(v))
		if c.integer {
			tol = 0
		}
		if c.semi && v == 0 {
			continue
		}
		if !finite(v) || v < c.lo-tol || v > c.hi+tol || c.integer && v != math.Round(v) {
			kind := "continuous"
			if c.integer {
				kind = "integer"
			}
			return fmt.Errorf("milp: check: %s column %s is %v, bounds [%v, %v]", kind, m.ColName(Col(j)), v, c.lo, c.hi)
		}
	}
	for i := range m.rows {
		if err := m.rowHolds(Row(i), x); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) rowHolds(i Row, x []float64) error {
	if exact, ok := m.exactRow(i, x); exact {
		if !ok {
			return fmt.Errorf("milp: check: row %s is violated in exact integers", m.RowName(i))
		}
		return nil
	}
	cols, a := m.entries(i)
	var sum neumaier
	scale := 1.0
	for k, c := range cols {
		t := a[k] * x[c]
		sum.add(t)
		scale = math.Max(scale, math.Abs(t))
	}
	v, r := sum.sum(), &m.rows[i]
	if v < r.lo-feasTol*scale || v > r.hi+feasTol*scale {
		return fmt.Errorf("milp: check: row %s is %v, sides [%v, %v]", m.RowName(i), v, r.lo, r.hi)
	}
	return nil
}

// exactRow evaluates row i in int64 if its columns and coefficients are
// integers that cannot overflow.
func (m *Model) exactRow(i Row, x []float64) (exact, ok bool) {
	cols, _ := m.entries(i)
	size := 0.0
	r, err := m.integral(i)
	if err != nil || m.derived && r.scale != 1 {
		return false, false
	}
	for k, c := range cols {
		if !m.cols[c].integer {
			return false, false
		}
		size += math.Abs(float64(r.a[k]) * x[c])
	}
	if size >= maxActivity {
		return false, false
	}
	var sum int64
	for k, c := range cols {
		sum += r.a[k] * int64(x[c])
	}
	return true, r.lo <= sum && sum <= r.hi
}

func (r *Result) checkCertificate(m *Model) error {
	cert := &r.Certificate
	if cert.Kind != NoCertificate && cert.Kind != Ray && len(cert.Rows) != len(m.rows) {
		return fmt.Errorf("milp: check: certificate has %d numbers for %d rows", len(cert.Rows), len(m.rows))
	}
	switch cert.Kind {
	case NoCertificate:
		return nil
	case Lagrangian, Surrogate:
		c, err := detect(m, &pace{ctx: context.Background()})
		if err != nil {
			return fmt.Errorf("milp: check: certificate of a multiple-choice knapsack, but %w", err)
		}
		if cert.Kind == Lagrangian {
			return r.checkLagrangian(c)
		}
		return r.checkInfeasible(c.surrogate(cert.Rows))
	case Dual:
		return r.checkBound(m, m.dualBound(cert.Rows), lpTol)
	case Farkas:
		return r.checkInfeasible(m.contradiction(cert.Rows))
	case Ray:
		return r.checkRay(m)
	}
	return fmt.Errorf("milp: check: unknown certificate kind %d", cert.Kind)
}

// checkInfeasible checks that the rows, combined as the certificate says, are
// violated by a positive amount.
func (r *Result) checkInfeasible(violation float64) error {
	if r.Status != Infeasible {
		return fmt.Errorf("milp: check: certificate of infeasibility with status %v", r.Status)
	}
	if !(violation > 0) {
		return fmt.Errorf("milp: check: the combined rows do not contradict each other: least violation %v", violation)
	}
	return nil
}

// checkRay checks that the objective improves along the ray and that no row or
// bound ends it.
func (r *Result) checkRay(m *Model) error {
	ray := r.Certificate.Cols
	if r.Status != Unbounded || len(ray) != len(m.cols) {
		return fmt.Errorf("milp: check: certificate of unboundedness with status %v and %d numbers for %d columns", r.Status, len(ray), len(m.cols))
	}
	slope := 0.0
	for j, c := range m.cols {
		slope += m.sense() * c.cost * ray[j]
		if !recedes(ray[j], math.Abs(ray[j]), c.lo, c.hi) {
			return fmt.Errorf("milp: check: the ray leaves the bounds of column %s", m.ColName(Col(j)))
		}
	}
	for i, row := range m.rows {
		cols, a := m.entries(Row(i))
		v, size := 0.0, 0.0
		for k, c := range cols {
			v += a[k] * ray[c]
			size = math.Max(size, math.Abs(a[k]*ray[c]))
		}
		if !recedes(v, size, row.lo, row.hi) {
			return fmt.Errorf("milp: check: the ray leaves row %s", m.RowName(Row(i)))
		}
	}
	if !(slope < 0) {
		return errors.New("milp: check: the objective does not improve along the ray")
	}
	return nil
}

// recedes reports whether moving by v, the sum of terms up to size, stays
// between lo and hi forever.
func recedes(v, size, lo, hi float64) bool {
	tol := feasTol * math.Max(1, size)
	return !(v > tol && !math.IsInf(hi, 1)) && !(v < -tol && !math.IsInf(lo, -1))
}

func (r *Result) checkLagrangian(c *choice) error {
	p, _, _ := c.reduce(&pace{ctx: context.Background()})
	if p == nil {
		return errors.New("milp: check: certificate of a bound, but the model is infeasible")
	}
	return r.checkBound(c.m, c.lagrangian(p, r.Certificate.Rows), boundTol)
}

// checkBound compares a recomputed bound with those stated.
func (r *Result) checkBound(m *Model, bound, tol float64) error {
	cert := &r.Certificate
	if !agree(bound, cert.Bound, tol) {
		return fmt.Errorf("milp: check: the certificate proves the bound %v, stated as %v", bound, cert.Bound)
	}
	if m.sense()*(cert.Bound-r.Bound) > tol*math.Max(1, math.Abs(r.Bound)) {
		return fmt.Errorf("milp: check: the certificate proves %v, better than the bound %v", cert.Bound, r.Bound)
	}
	return nil
}

// agree reports whether a and b agree to tol, relative to one or the larger.
func agree(a, b, tol float64) bool {
	return a == b || math.Abs(a-b) <= tol*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}
