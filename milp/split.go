package milp

import (
	"cmp"
	"math"
	"slices"
)

// minChoice is the number of fractional columns from which a choice row is
// branched on as a whole.
const minChoice = 3

// split divides a node in two: the bounds that its children change.
type split struct {
	key      int // of its pseudo-costs: a column or, behind the columns, a choice row
	down, up []change
	dist     [2]float64 // by which the optimum of the relaxation misses either child
}

// columnSplit divides at value v of column j.
func (t *tree) columnSplit(j Col, v float64) split {
	down, up := t.children(j, v)
	return split{int(j), []change{down}, []change{up}, [2]float64{v - down.hi, up.lo - v}}
}

// choiceRows lists the rows by which at most one of several binary columns is one.
func (t *tree) choiceRows() (rows []Row) {
	for i, r := range t.m.rows {
		cols, a := t.m.entries(Row(i))
		if len(cols) < minChoice || a[0] <= 0 || r.hi != a[0] || r.lo > r.hi {
			continue
		}
		other := func(k int) bool {
			c := &t.m.cols[cols[k]]
			return a[k] != a[0] || !c.integer || c.semi || t.rootLo[cols[k]] < 0
		}
		k := 0
		for k < len(cols) && !other(k) {
			k++
		}
		if k == len(cols) {
			rows = append(rows, Row(i))
		}
	}
	return rows
}

// choiceSplits divides the choice rows with enough fractional columns
// (special ordered sets of type 1; Beale and Tomlin 1970): in the order of their
// costs, either the columns behind the middle of x are zero or those before it.
func (t *tree) choiceSplits() (out []split) {
	for k, i := range t.choices {
		cols, _ := t.m.entries(i)
		fractional := 0
		for _, j := range cols {
			if t.x[j] > intTol && t.x[j] < 1-intTol {
				fractional++
			}
		}
		if fractional < minChoice {
			continue
		}
		s := t.choiceSplit(cols)
		s.key = len(t.m.cols) + k
		out = append(out, s)
	}
	return out
}

// choiceSplit divides the columns of a choice row of which at least two are positive.
func (t *tree) choiceSplit(cols []Col) (s split) {
	open := make([]Col, 0, len(cols))
	total := 0.0
	for _, j := range cols {
		if t.hi[j] > 0 {
			open = append(open, j)
			total += t.x[j]
		}
	}
	slices.SortFunc(open, func(a, b Col) int { return cmp.Or(cmp.Compare(t.cost[a], t.cost[b]), cmp.Compare(a, b)) })
	mid, before := 0, 0.0
	for mid < len(open) && (before <= intTol || before+t.x[open[mid]] <= total/2) {
		before += t.x[open[mid]]
		mid++
	}
	for k, j := range open {
		if c := (change{j, t.lo[j], 0}); k < mid {
			s.up = append(s.up, c)
		} else {
			s.down = append(s.down, c)
		}
	}
	s.dist = [2]float64{total - before, before}
	return s
}

// preferUp reports whether to go on with the upper child: the one nearer to the
// incumbent if there is one, otherwise to the optimum of the relaxation.
func (t *tree) preferUp(s *split) bool {
	if t.best == nil {
		return s.dist[1] < s.dist[0]
	}
	return missed(s.up, t.best) < missed(s.down, t.best)
}

// missed returns how far x is from the bounds that changes set.
func missed(changes []change, x []float64) (sum float64) {
	for _, c := range changes {
		sum += math.Max(0, math.Max(c.lo-x[c.col], x[c.col]-c.hi))
	}
	return sum
}

// queue makes the two children of n, queues one, and returns the other: the
// upper one if preferUp.
func (t *tree) queue(n *node, s *split, preferUp bool) *node {
	child := func(c []change, isUp bool, distance float64) *node {
		return &node{bound: n.bound, changes: slices.Concat(n.changes, c), basis: n.basis, depth: n.depth + 1,
			branched: branching{s.key, isUp, distance, n.bound}}
	}
	a, b := child(s.down, false, s.dist[0]), child(s.up, true, s.dist[1])
	if preferUp {
		a, b = b, a
	}
	t.push(b)
	return a
}

// narrow applies changes to the bounds of the current node and returns what undoes them.
func (t *tree) narrow(changes []change) (undo []change) {
	for _, c := range changes {
		undo = append(undo, change{c.col, t.lo[c.col], t.hi[c.col]})
		t.lo[c.col], t.hi[c.col] = math.Max(t.lo[c.col], c.lo), math.Min(t.hi[c.col], c.hi)
	}
	return undo
}
