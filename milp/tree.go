package milp

import (
	"container/heap"
	"context"
	"math"

	"mixq/milp/internal/lp"
)

// Tolerances of branch and bound.
const (
	intTol    = 1e-6 // distance from an integer that counts as one
	objTol    = 5e-8 // relative improvement below which nodes are cut off: rows may be violated by more
	nodeIters = 5000 // simplex iterations at a node before it is split without its optimum
)

// tree is a branch-and-bound search for a model, minimising sense·cost.
type tree struct {
	m    *Model
	ctx  context.Context
	opts Options
	lp   *lp.Solver
	prop *propagator

	cost     []float64
	lo, hi   []float64 // of the current node
	rootLo   []float64 // valid everywhere
	rootHi   []float64
	lpLo     []float64 // what the solver has
	lpHi     []float64
	discrete []Col // integer and semi-continuous columns
	choices  []Row // of which at most one column is one
	pure     bool  // every column is integer
	step     float64

	best    []float64
	bestObj float64
	open    nodeHeap
	floor   float64 // bound of the root or node being processed, which is not in open
	pseudo  pseudoCosts
	nodes   int64
	seq     int64
	depth   int     // of searches within searches
	limit   float64 // only better solutions are of use, with or without an incumbent
	extra   int64   // simplex iterations of inner searches
	lost    float64 // least bound of a node that rounding errors made the search give up
	x       []float64
}

// node is a subproblem: the bounds changed on the way from the root.
type node struct {
	bound    float64
	changes  []change
	basis    lp.Basis
	depth    int
	seq      int64
	branched branching
	solved   bool // basis is optimal for the node itself
}

// change sets the bounds of a column.
type change struct {
	col    Col
	lo, hi float64
}

// branching remembers the last decision, to learn from its effect.
type branching struct {
	key      int // of the split
	up       bool
	distance float64 // by which the optimum had to move
	parent   float64 // objective before
}

// nodeHeap is ordered by bound, then by age.
type nodeHeap []*node

func (h nodeHeap) Len() int { return len(h) }
func (h nodeHeap) Less(i, j int) bool {
	if h[i].bound != h[j].bound {
		return h[i].bound < h[j].bound
	}
	return h[i].seq < h[j].seq
}
func (h nodeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *nodeHeap) Push(x any)   { *h = append(*h, x.(*node)) }
func (h *nodeHeap) Pop() any {
	old := *h
	n := old[len(old)-1]
	*h = old[:len(old)-1]
	return n
}

func newTree(ctx context.Context, m *Model, o Options) *tree {
	t := &tree{m: m, ctx: ctx, opts: o, prop: newPropagator(m), bestObj: math.Inf(1), limit: math.Inf(1), lost: math.Inf(1), pure: true,
		floor: math.Inf(-1)}
	p := m.relaxation()
	t.cost = p.Cost
	t.rootLo, t.rootHi = p.Lo, p.Hi
	for j, c := range m.cols {
		if c.integer || c.semi {
			t.discrete = append(t.discrete, Col(j))
		}
		t.pure = t.pure && c.integer
	}
	t.choices = t.choiceRows()
	t.pseudo = newPseudoCosts(len(m.cols) + len(t.choices))
	t.step = t.objectiveStep()
	return t
}

// objectiveStep returns a number of which all objective values are multiples, or 0.
func (t *tree) objectiveStep() float64 {
	var step int64
	scale := 0.0
	for _, s := range []float64{1, 10, 100, 1000, 1e4, 1e5, 1e6} {
		step, scale = 0, s
		for j, c := range t.cost {
			k := math.RoundToEven(c * s)
			if c == 0 {
				continue
			}
			if !t.m.cols[j].integer || math.Abs(k) > 1e12 || k/s != c {
				scale = 0
				break
			}
			step = gcd(step, int64(math.Abs(k)))
		}
		if scale > 0 {
			return float64(step) / scale
		}
	}
	return 0
}

// cutoff is the objective from which a node cannot lead to an improvement.
func (t *tree) cutoff() float64 {
	if math.IsInf(t.bestObj, 1) {
		return t.limit
	}
	size := math.Max(1, math.Abs(t.bestObj))
	c := t.bestObj - math.Max(objTol*size, t.opts.Gap*math.Abs(t.bestObj+t.m.sense()*t.m.Offset))
	if t.step > 1e-6*size {
		c = math.Min(c, t.bestObj-t.step*(1-1e-6)+1e-9*size)
	}
	return c
}

// offer takes x as the incumbent if it is feasible, exactly so in the rows that
// are integers, and better. Integer columns are rounded first.
func (t *tree) offer(x []float64) bool {
	x = append(make([]float64, 0, len(t.m.cols)), x...) // not nil, even of no columns
	for j, c := range t.m.cols {
		if c.integer {
			x[j] = math.Round(x[j])
		}
		if !c.semi {
			x[j] = math.Min(math.Max(x[j], c.lo), c.hi)
		} else if math.Abs(x[j]) < 1e-9 {
			x[j] = 0
		}
	}
	obj := t.objective(x)
	if !(obj < t.bestObj) || t.m.Feasible(x) != nil {
		return false
	}
	t.best, t.bestObj = x, obj
	t.report()
	t.oneOpt()
	return true
}

func (t *tree) objective(x []float64) float64 {
	var s neumaier
	for j, c := range t.cost {
		s.add(c * x[j])
	}
	return s.sum()
}

func (t *tree) report() {
	if t.opts.Progress == nil {
		return
	}
	s := t.m.sense()
	t.opts.Progress(Progress{Nodes: t.nodes, Iters: int64(t.lp.Iters()), Objective: s*t.bestObj + t.m.Offset,
		Bound: s*t.lowerBound() + t.m.Offset})
}

// lowerBound is proven for all that is still open.
func (t *tree) lowerBound() float64 {
	b := math.Min(math.Min(t.bestObj, t.lost), t.floor)
	if len(t.open) > 0 {
		b = math.Min(b, t.open[0].bound)
	}
	return b
}

// setNode makes the bounds of n current, propagated. It returns false if they
// contradict the rows.
func (t *tree) setNode(n *node) bool {
	t.lo = append(t.lo[:0], t.rootLo...)
	t.hi = append(t.hi[:0], t.rootHi...)
	for _, c := range n.changes {
		t.lo[c.col] = math.Max(t.lo[c.col], c.lo)
		t.hi[c.col] = math.Min(t.hi[c.col], c.hi)
		if t.lo[c.col] > t.hi[c.col] {
			return false
		}
		t.prop.pushColumn(c.col)
	}
	return t.prop.run(t.lo, t.hi)
}

// syncBounds gives the bounds of the discrete columns to the solver.
func (t *tree) syncBounds() {
	for _, j := range t.discrete {
		if t.lo[j] != t.lpLo[j] || t.hi[j] != t.lpHi[j] {
			t.lp.SetBounds(int(j), t.lo[j], t.hi[j])
			t.lpLo[j], t.lpHi[j] = t.lo[j], t.hi[j]
		}
	}
}

// solveLP solves the relaxation of the current node, once more from scratch if
// rounding errors get in the way.
func (t *tree) solveLP(cutoff float64) lp.Status {
	t.syncBounds()
	st := t.lp.Solve(t.ctx, lp.Limits{Cutoff: cutoff})
	if st == lp.Trouble || st == lp.Unbounded {
		t.lp.Reset()
		st = t.lp.Solve(t.ctx, lp.Limits{Cutoff: cutoff})
	}
	if st == lp.Optimal {
		t.x = t.lp.X(t.x[:0])
	}
	return st
}

// violation returns how far the value of column j is from what it may be: the
// distance from an integer, or from both zero and the range of a semi-continuous column.
func (t *tree) violation(j Col, v float64) float64 {
	c := &t.m.cols[j]
	if c.semi && v > feasTol && v < c.lo-feasTol {
		return math.Min(v, c.lo-v) / c.lo
	}
	if c.integer {
		if d := math.Abs(v - math.Round(v)); d > intTol {
			return d
		}
	}
	return 0
}

// fractional lists the discrete columns whose value in x is not allowed.
func (t *tree) fractional(x []float64) []Col {
	var out []Col
	for _, j := range t.discrete {
		if t.violation(j, x[j]) > 0 {
			out = append(out, j)
		}
	}
	return out
}

// children returns the bounds of column j below and above value v.
func (t *tree) children(j Col, v float64) (down, up change) {
	c := &t.m.cols[j]
	if c.semi && v > feasTol && v < c.lo-feasTol {
		return change{j, 0, 0}, change{j, c.lo, t.hi[j]}
	}
	f := math.Floor(v)
	if v-f > 1-1e-9 {
		f++
	}
	return change{j, t.lo[j], f}, change{j, f + 1, t.hi[j]}
}

// run searches the tree. The solver must be at the root optimum t.x with objective bound.
func (t *tree) run(bound float64) lp.Status {
	root := &node{bound: bound, basis: t.lp.Save()}
	t.push(root)
	t.floor = math.Inf(1)
	for len(t.open) > 0 {
		n := heap.Pop(&t.open).(*node)
		if n.bound >= t.cutoff() {
			t.open = t.open[:0] // all others are worse
			break
		}
		for n != nil { // plunge
			if t.ctx.Err() != nil || t.opts.Nodes > 0 && t.nodes >= t.opts.Nodes {
				t.push(n)
				t.floor = math.Inf(1)
				if t.ctx.Err() != nil {
					return lp.Stopped
				}
				return lp.IterLimit
			}
			t.floor = n.bound
			n = t.process(n)
		}
		t.floor = math.Inf(1)
	}
	return lp.Optimal
}

func (t *tree) push(n *node) {
	t.seq++
	n.seq = t.seq
	heap.Push(&t.open, n)
}

// process solves node n and returns the child to go on with, having queued the other.
func (t *tree) process(n *node) *node {
	t.nodes++
	if t.nodes%200 == 0 {
		t.report()
	}
	if n.bound >= t.cutoff() || !t.setNode(n) {
		return nil
	}
	t.lp.Load(n.basis)
	switch st := t.solveLP(t.cutoff()); st {
	case lp.Optimal:
	case lp.Infeasible, lp.Cutoff:
		return nil
	case lp.Stopped:
		t.push(n)
		return nil
	default:
		return t.giveUp(n)
	}
	obj := t.lp.Objective()
	n.bound = math.Max(n.bound, obj)
	if n.depth > 0 {
		t.pseudo.learn(n.branched, obj)
	}
	if obj >= t.cutoff() {
		return nil
	}
	t.fixByReducedCost(obj, t.lo, t.hi)
	frac := t.fractional(t.x)
	if len(frac) == 0 {
		return t.integral(n)
	}
	n.basis = t.savedBasis(n)
	t.heuristics(n, frac)
	if n.bound >= t.cutoff() {
		return nil
	}
	return t.branch(n, frac)
}

// giveUp splits a node whose relaxation could not be solved on its first open
// column; a node without one is lost.
func (t *tree) giveUp(n *node) *node {
	for _, j := range t.discrete {
		if v, ok := t.undecided(j); ok {
			s := t.columnSplit(j, v)
			return t.queue(n, &s, true)
		}
	}
	t.lost = math.Min(t.lost, n.bound)
	return nil
}

// integral handles a relaxation whose discrete columns are all within tolerance
// of allowed values: unless the rounded point is feasible, the columns not yet
// fixed are branched on.
func (t *tree) integral(n *node) *node {
	if t.offer(t.x) || t.offerFixed(t.x) {
		if t.bestObj <= n.bound+objTol*math.Max(1, math.Abs(t.bestObj)) {
			return nil
		}
	}
	if n.bound >= t.cutoff() {
		return nil
	}
	worst, at, value := -1.0, Col(-1), 0.0
	for _, j := range t.discrete {
		if v, ok := t.undecided(j); ok {
			if d := math.Abs(t.x[j] - math.Round(t.x[j])); d > worst {
				worst, at, value = d, j, v
			}
		}
	}
	if at < 0 {
		return nil // everything is fixed and infeasible
	}
	s := t.columnSplit(at, value)
	s.dist = [2]float64{t.x[at] - s.down[0].hi, s.up[0].lo - t.x[at]}
	return t.queue(n, &s, t.x[at] > value)
}

// undecided returns where to split column j, near its value, if the current
// node leaves it a choice.
func (t *tree) undecided(j Col) (v float64, ok bool) {
	c := &t.m.cols[j]
	if c.semi && !c.integer {
		return c.lo / 2, t.lo[j] < c.lo && t.hi[j] > 0
	}
	v = math.Min(math.Max(math.Round(t.x[j]), t.lo[j]), t.hi[j])
	if v == t.hi[j] {
		return v - 0.5, t.lo[j] < t.hi[j]
	}
	return v + 0.5, true
}

// offerFixed solves the relaxation with the discrete columns fixed to the
// rounded values of x and offers the result.
func (t *tree) offerFixed(x []float64) bool {
	if t.pure {
		return false
	}
	basis := t.lp.Save()
	lo, hi := append([]float64(nil), t.lo...), append([]float64(nil), t.hi...)
	keep := append([]float64(nil), t.x...)
	for _, j := range t.discrete {
		v := x[j]
		switch c := &t.m.cols[j]; {
		case c.integer:
			v = math.Round(v)
			t.lo[j], t.hi[j] = v, v
		case v < c.lo/2:
			t.lo[j], t.hi[j] = 0, 0
		default:
			t.lo[j], t.hi[j] = c.lo, c.hi
		}
	}
	ok := t.solveLP(t.bestObj) == lp.Optimal && t.offer(t.x)
	copy(t.lo, lo)
	copy(t.hi, hi)
	t.x = append(t.x[:0], keep...)
	t.lp.Load(basis)
	t.syncBounds()
	return ok
}

// fixByReducedCost tightens the bounds of nonbasic discrete columns whose move
// by one would cost more than the cutoff allows.
func (t *tree) fixByReducedCost(obj float64, lo, hi []float64) {
	room := t.cutoff() - obj
	if math.IsInf(room, 1) {
		return
	}
	d := t.lp.ReducedCosts(nil)
	for _, j := range t.discrete {
		if t.m.cols[j].semi || math.Abs(d[j]) < 1e-7 || lo[j] == hi[j] {
			continue
		}
		moves := math.Floor(room/math.Abs(d[j]) + 1e-6)
		if d[j] > 0 && t.x[j] <= lo[j]+intTol && lo[j]+moves < hi[j] {
			hi[j] = lo[j] + moves
		} else if d[j] < 0 && t.x[j] >= hi[j]-intTol && hi[j]-moves > lo[j] {
			lo[j] = hi[j] - moves
		}
	}
}
