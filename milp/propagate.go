package milp

import "math"

// propagator tightens the bounds of columns from the activities of rows.
type propagator struct {
	m        *Model
	colStart []int
	colRows  []Row
	colVals  []float64
	queue    []Row
	queued   []bool
}

const (
	propagateTol   = 1e-9 // relative to the terms of a row
	minTightening  = 1e-3 // of its range, for a bound of a continuous column to be worth changing
	maxPropagation = 20   // times the number of rows: rows looked at before giving up
)

func newPropagator(m *Model) *propagator {
	p := &propagator{m: m, queued: make([]bool, len(m.rows))}
	p.colStart, p.colRows, p.colVals = m.byColumn()
	return p
}

// push queues row i.
func (p *propagator) push(i Row) {
	if !p.queued[i] {
		p.queued[i] = true
		p.queue = append(p.queue, i)
	}
}

// pushAll queues every row.
func (p *propagator) pushAll() {
	for i := range p.m.rows {
		p.push(Row(i))
	}
}

// pushColumn queues the rows of column j.
func (p *propagator) pushColumn(j Col) {
	for _, i := range p.colRows[p.colStart[j]:p.colStart[j+1]] {
		p.push(i)
	}
}

// run tightens lo and hi until nothing changes or it costs too much. It returns
// false if a row or the bounds of a column contradict each other.
func (p *propagator) run(lo, hi []float64) bool {
	ok := true
	for work := 0; len(p.queue) > 0; work++ {
		i := p.queue[0]
		p.queue = p.queue[1:]
		p.queued[i] = false
		if ok && work <= maxPropagation*len(p.m.rows) {
			ok = p.row(i, lo, hi)
		}
	}
	p.queue = p.queue[:0]
	return ok
}

// activity is a sum of terms of which some may be infinite.
type activity struct {
	sum  float64
	infs int
}

func (a *activity) add(v float64) {
	if math.IsInf(v, 0) {
		a.infs++
	} else {
		a.sum += v
	}
}

// without returns the sum less one of its terms; infinite if others are.
func (a activity) without(v, inf float64) float64 {
	switch {
	case math.IsInf(v, 0) && a.infs == 1:
		return a.sum
	case a.infs > 0:
		return inf
	}
	return a.sum - v
}

// extremes returns the least and greatest value of a·x.
func extremes(a, lo, hi float64) (least, most float64) {
	if a > 0 {
		return a * lo, a * hi
	}
	return a * hi, a * lo
}

func (p *propagator) row(i Row, lo, hi []float64) bool {
	cols, a := p.m.entries(i)
	r := &p.m.rows[i]
	var least, most activity
	scale := math.Max(1, math.Max(finiteAbs(r.lo), finiteAbs(r.hi)))
	for k, c := range cols {
		if a[k] == 0 {
			continue
		}
		l, h := extremes(a[k], lo[c], hi[c])
		least.add(l)
		most.add(h)
		scale = math.Max(scale, math.Max(finiteAbs(l), finiteAbs(h)))
	}
	tol := propagateTol * scale
	if least.infs == 0 && least.sum > r.hi+1000*tol || most.infs == 0 && most.sum < r.lo-1000*tol {
		return false
	}
	if least.infs == 0 && least.sum >= r.lo && most.infs == 0 && most.sum <= r.hi || least.infs > 1 && most.infs > 1 {
		return true
	}
	for k, c := range cols {
		if a[k] == 0 || lo[c] == hi[c] {
			continue
		}
		l, h := extremes(a[k], lo[c], hi[c])
		up := (r.hi - least.without(l, math.Inf(-1)) + tol) / a[k] // a·x <= hi - least of the others
		down := (r.lo - most.without(h, math.Inf(1)) - tol) / a[k] // a·x >= lo - most of the others
		if a[k] < 0 {
			up, down = down, up
		}
		if !p.tighten(c, down, up, lo, hi) {
			return false
		}
	}
	return true
}

func finiteAbs(v float64) float64 {
	if math.IsInf(v, 0) {
		return 0
	}
	return math.Abs(v)
}

// tighten applies the implied bounds of a column if they are worth it.
func (p *propagator) tighten(c Col, down, up float64, lo, hi []float64) bool {
	col := &p.m.cols[c]
	changed := false
	if col.integer {
		const tol = 1e-6
		if v := math.Ceil(down - tol); v > lo[c] {
			lo[c], changed = v, true
		}
		if v := math.Floor(up + tol); v < hi[c] {
			hi[c], changed = v, true
		}
	} else {
		span := math.Min(hi[c]-lo[c], 1e6)
		if down > lo[c]+minTightening*span && finiteAbs(down) < 1e8 {
			lo[c], changed = down, true
		}
		if up < hi[c]-minTightening*span && finiteAbs(up) < 1e8 {
			hi[c], changed = up, true
		}
	}
	if !changed {
		return true
	}
	if lo[c] > hi[c] {
		if col.integer || lo[c]-hi[c] > 1e-6*math.Max(1, math.Abs(lo[c])) {
			return false
		}
		mid := (lo[c] + hi[c]) / 2
		lo[c], hi[c] = mid, mid
	}
	p.pushColumn(c)
	return true
}
