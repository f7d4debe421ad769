package milp

import (
	"math"
	"slices"
)

// Limits of presolve.
const (
	presolveRounds = 12
	maxSubstituted = 4    // rows a column may be in to be substituted by an equation of two columns
	maxEquation    = 60   // columns of an equation that determines a column of no other row
	minPivot       = 1e-3 // of the largest coefficient of an equation, for the column it determines
)

// presolver shrinks a copy of a model. Removed columns go on the stack.
type presolver struct {
	m     *Model
	cols  []column
	rows  []presolveRow
	in    [][]int32 // rows of each column, some of them outdated
	gone  []bool    // by column
	stack []reduction

	offset     float64
	infeasible bool
	changed    bool
}

type presolveRow struct {
	lo, hi  float64
	entries []entry
	gone    bool
	size    float64 // largest finite term or side it ever had
}

// presolve returns an equivalent smaller model, the columns of m that are left,
// and the reductions by which a solution of it becomes one of m. ok is false if
// m has no solution.
func presolve(m *Model) (small *Model, left []Col, stack []reduction, ok bool) {
	p := &presolver{m: m, cols: slices.Clone(m.cols), gone: make([]bool, len(m.cols)), in: make([][]int32, len(m.cols))}
	for j := range p.cols {
		if c := &p.cols[j]; c.integer && !c.semi {
			c.lo, c.hi = c.relaxedBounds()
		}
	}
	for i := range m.rows {
		cols, a := m.entries(Row(i))
		r := presolveRow{lo: m.rows[i].lo, hi: m.rows[i].hi}
		r.size = math.Max(finiteAbs(r.lo), finiteAbs(r.hi))
		for k, c := range cols {
			if a[k] != 0 {
				r.entries = append(r.entries, entry{c, a[k]})
				p.in[c] = append(p.in[c], int32(i))
			}
		}
		p.rows = append(p.rows, r)
	}
	p.changed = true
	for round := 0; round < presolveRounds && p.changed && !p.infeasible; round++ {
		p.changed = false
		p.rowPass()
		p.columnPass()
		p.tightenIntegers()
	}
	if p.infeasible {
		return nil, nil, nil, false
	}
	small, left = p.build()
	return small, left, p.stack, true
}

// bounds returns the range of column j in the relaxation.
func (p *presolver) bounds(j Col) (lo, hi float64) {
	c := &p.cols[j]
	if c.semi {
		return 0, c.hi
	}
	return c.lo, c.hi
}

// rowPass removes rows that say nothing or only bound one column, and tightens coefficients.
func (p *presolver) rowPass() {
	for i := range p.rows {
		r := &p.rows[i]
		if r.gone || p.infeasible {
			continue
		}
		p.foldFixed(r)
		if len(r.entries) == 0 {
			p.dropEmpty(r)
			continue
		}
		p.roundSides(r)
		var least, most activity
		scale := 1.0
		for _, e := range r.entries {
			lo, hi := p.bounds(e.col)
			l, h := extremes(e.val, lo, hi)
			least.add(l)
			most.add(h)
			scale = math.Max(scale, math.Max(finiteAbs(l), finiteAbs(h)))
		}
		r.size = math.Max(r.size, scale)
		tol := 1e-9 * scale
		if least.infs == 0 && least.sum > r.hi+1000*tol || most.infs == 0 && most.sum < r.lo-1000*tol || r.lo > r.hi+1000*tol {
			p.infeasible = true
			return
		}
		if least.infs == 0 && least.sum >= r.lo-tol {
			r.lo = math.Inf(-1)
		}
		if most.infs == 0 && most.sum <= r.hi+tol {
			r.hi = math.Inf(1)
		}
		switch {
		case math.IsInf(r.lo, -1) && math.IsInf(r.hi, 1):
			r.gone, p.changed = true, true
		case len(r.entries) == 1 && !p.cols[r.entries[0].col].semi:
			p.boundByRow(r)
		default:
			p.tightenCoefficients(r, least, most)
		}
	}
}

// dropEmpty removes a row without entries if zero is within its sides, up to
// the rounding errors of the terms that it had.
func (p *presolver) dropEmpty(r *presolveRow) {
	tol := 1e-9 * math.Max(1, r.size)
	p.infeasible = r.lo > tol*1000 || r.hi < -tol*1000
	r.gone, p.changed = true, true
}

// roundSides rounds the sides of a row of integers, which also removes the
// rounding errors of earlier reductions.
func (p *presolver) roundSides(r *presolveRow) {
	for _, e := range r.entries {
		if c := &p.cols[e.col]; !c.integer || c.semi || e.val != math.Round(e.val) {
			return
		}
	}
	tol := 1e-9 * math.Max(1000, r.size)
	r.lo, r.hi = math.Ceil(r.lo-tol), math.Floor(r.hi+tol)
}

// foldFixed moves the columns that were fixed and removed out of a row.
func (p *presolver) foldFixed(r *presolveRow) {
	kept := r.entries[:0]
	for _, e := range r.entries {
		if c := &p.cols[e.col]; p.gone[e.col] {
			r.lo -= e.val * c.lo
			r.hi -= e.val * c.lo
			continue
		}
		kept = append(kept, e)
	}
	r.entries = kept
}

// boundByRow turns a row of one column into its bounds.
func (p *presolver) boundByRow(r *presolveRow) {
	e := r.entries[0]
	lo, hi := r.lo/e.val, r.hi/e.val
	if e.val < 0 {
		lo, hi = hi, lo
	}
	c := &p.cols[e.col]
	if c.integer {
		lo, hi = math.Ceil(lo-1e-6), math.Floor(hi+1e-6)
	}
	c.lo, c.hi = math.Max(c.lo, lo), math.Min(c.hi, hi)
	p.checkBounds(c)
	r.gone, p.changed = true, true
}

// checkBounds closes bounds that rounding crossed, or finds them contradictory.
func (p *presolver) checkBounds(c *column) {
	if c.lo <= c.hi {
		return
	}
	if c.integer || c.lo-c.hi > 1e-8*math.Max(1, math.Abs(c.lo)) {
		p.infeasible = true
		return
	}
	c.lo = c.hi
}

// tightenCoefficients reduces the coefficients of binary columns in a row of
// one side that one of their values makes redundant (Savelsbergh 1994).
func (p *presolver) tightenCoefficients(r *presolveRow, least, most activity) {
	upper := math.IsInf(r.lo, -1) && most.infs == 0
	lower := math.IsInf(r.hi, 1) && least.infs == 0
	if !upper && !lower {
		return
	}
	sign, limit, extreme := 1.0, r.hi, most.sum // as sign·a·x <= limit with greatest activity extreme
	if lower {
		sign, limit, extreme = -1, -r.lo, -least.sum
	}
	for k := range r.entries {
		e := &r.entries[k]
		c := &p.cols[e.col]
		if !c.integer || c.semi || c.lo != 0 || c.hi != 1 {
			continue
		}
		a := sign * e.val
		slack := limit - (extreme - math.Abs(a)) // of the row at the harmless value of the column
		if slack <= 1e-6*math.Max(1, math.Abs(a)) || slack >= math.Abs(a) {
			continue
		}
		if a > 0 {
			limit -= slack
			a -= slack
			extreme -= slack
		} else {
			a += slack
		}
		e.val = sign * a
		p.changed = true
	}
	if lower {
		r.lo = -limit
	} else {
		r.hi = limit
	}
}

// columnPass fixes columns whose cost and rows pull the same way, removes fixed
// ones, and continuous ones that an equation determines.
func (p *presolver) columnPass() {
	down, up := p.locks()
	for j := range p.cols {
		c := &p.cols[j]
		if p.gone[j] || c.semi {
			continue
		}
		if c.lo < c.hi {
			p.fixByDirection(c, down[j], up[j])
		}
		if c.lo == c.hi {
			p.remove(Col(j))
		}
	}
	for j := range p.cols {
		if c := &p.cols[j]; p.gone[j] || c.semi || c.integer {
			continue
		}
		if rows := p.rowsOf(Col(j)); len(rows) > 0 && len(rows) <= maxSubstituted {
			p.trySubstitute(Col(j), rows)
		}
	}
}

// locks counts, for every column, the row sides that lowering and raising it moves towards.
func (p *presolver) locks() (down, up []int) {
	down, up = make([]int, len(p.cols)), make([]int, len(p.cols))
	for i := range p.rows {
		r := &p.rows[i]
		if r.gone {
			continue
		}
		hasLo, hasHi := !math.IsInf(r.lo, -1), !math.IsInf(r.hi, 1)
		for _, e := range r.entries {
			if e.val > 0 && hasLo || e.val < 0 && hasHi {
				down[e.col]++
			}
			if e.val > 0 && hasHi || e.val < 0 && hasLo {
				up[e.col]++
			}
		}
	}
	return down, up
}

// rowsOf returns the rows that column j is in now.
func (p *presolver) rowsOf(j Col) []int32 {
	p.in[j] = slices.DeleteFunc(p.in[j], func(i int32) bool { return p.rows[i].gone })
	return p.in[j]
}

func (r *presolveRow) find(j Col) int {
	return slices.IndexFunc(r.entries, func(e entry) bool { return e.col == j })
}

// fixByDirection fixes a column at a bound if moving towards it neither costs
// anything nor hurts a row.
func (p *presolver) fixByDirection(c *column, down, up int) {
	cost := p.m.sense() * c.cost
	if down == 0 && cost >= 0 && !math.IsInf(c.lo, -1) {
		c.hi = c.lo
	} else if up == 0 && cost <= 0 && !math.IsInf(c.hi, 1) {
		c.lo = c.hi
	}
}

// remove takes a fixed column out of the model; foldFixed takes it out of the rows.
func (p *presolver) remove(j Col) {
	v := p.cols[j].lo
	p.offset += p.cols[j].cost * v
	p.stack = append(p.stack, fixed{j, v})
	p.gone[j], p.changed = true, true
}

// trySubstitute removes continuous column j by an equation: one of two columns,
// or the only row the column is in, which its bounds turn into an inequality.
func (p *presolver) trySubstitute(j Col, rows []int32) {
	for _, i := range rows {
		r := &p.rows[i]
		if r.lo != r.hi || len(r.entries) > maxEquation || len(rows) > 1 && (len(r.entries) != 2 || p.longRow(rows)) {
			continue
		}
		p.foldFixed(r)
		at := r.find(j)
		if len(r.entries) < 2 || at < 0 {
			continue
		}
		a, largest := r.entries[at].val, 0.0
		for _, e := range r.entries {
			largest = math.Max(largest, math.Abs(e.val))
		}
		if math.Abs(a) < minPivot*largest || math.Abs(a) > 1e6 {
			continue
		}
		p.substitute(j, int(i), a, rows)
		return
	}
}

// longRow reports whether substituting into one of the rows would take long.
func (p *presolver) longRow(rows []int32) bool {
	return slices.ContainsFunc(rows, func(i int32) bool { return len(p.rows[i].entries) > 500 })
}

// substitute solves row i for column j and replaces it everywhere. The bounds
// of the column become the sides of the row.
func (p *presolver) substitute(j Col, i int, a float64, rows []int32) {
	r := &p.rows[i]
	s := substituted{col: j, con: r.hi / a}
	for _, e := range r.entries {
		if e.col != j {
			s.terms = append(s.terms, entry{e.col, -e.val / a})
		}
	}
	for _, k := range rows {
		if int(k) != i {
			p.replace(&p.rows[k], k, s)
		}
	}
	c := &p.cols[j]
	p.offset += c.cost * s.con
	for _, e := range s.terms {
		p.cols[e.col].cost += c.cost * e.val
	}
	r.entries = slices.Clone(s.terms)
	r.lo, r.hi = c.lo-s.con, c.hi-s.con
	p.stack = append(p.stack, s)
	p.gone[j], p.changed = true, true
}

// replace puts s in the place of its column in row number k.
func (p *presolver) replace(r *presolveRow, k int32, s substituted) {
	at := r.find(s.col)
	if at < 0 {
		return
	}
	v := r.entries[at].val
	r.entries = slices.Delete(r.entries, at, at+1)
	r.lo -= v * s.con
	r.hi -= v * s.con
	for _, e := range s.terms {
		if t := r.find(e.col); t >= 0 {
			r.entries[t].val += v * e.val
			if math.Abs(r.entries[t].val) < 1e-12*math.Abs(v*e.val) {
				r.entries = slices.Delete(r.entries, t, t+1)
				p.in[e.col] = slices.DeleteFunc(p.in[e.col], func(i int32) bool { return i == k })
			}
			continue
		}
		r.entries = append(r.entries, entry{e.col, v * e.val})
		p.in[e.col] = append(p.in[e.col], k)
	}
}

// tightenIntegers propagates the rows and keeps the new bounds of integer
// columns; those of continuous ones would only degrade the relaxation.
func (p *presolver) tightenIntegers() {
	if p.infeasible {
		return
	}
	small, left := p.build()
	prop := newPropagator(small)
	lo, hi := make([]float64, len(left)), make([]float64, len(left))
	for k := range left {
		lo[k], hi[k] = small.cols[k].relaxedBounds()
	}
	prop.pushAll()
	if !prop.run(lo, hi) {
		p.infeasible = true
		return
	}
	for k, j := range left {
		if c := &p.cols[j]; c.integer && !c.semi && (lo[k] > c.lo || hi[k] < c.hi) {
			c.lo, c.hi, p.changed = lo[k], hi[k], true
		}
	}
}

// build returns the model of what is left.
func (p *presolver) build() (small *Model, left []Col) {
	small = &Model{Name: p.m.Name, Maximize: p.m.Maximize, Offset: p.m.Offset + p.offset, derived: true}
	to := make([]Col, len(p.cols))
	for j, c := range p.cols {
		if !p.gone[j] {
			to[j] = Col(len(left))
			left = append(left, Col(j))
			small.cols = append(small.cols, c)
		}
	}
	for i := range p.rows {
		r := &p.rows[i]
		if r.gone {
			continue
		}
		p.foldFixed(r)
		start := len(small.ind)
		for _, e := range r.entries {
			small.ind, small.val = append(small.ind, to[e.col]), append(small.val, e.val)
		}
		small.rows = append(small.rows, row{name: p.m.rows[i].name, lo: r.lo, hi: r.hi, start: start, end: len(small.ind)})
	}
	return small, left
}
