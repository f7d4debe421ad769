package milp

import (
	"cmp"
	"math"
	"slices"

	"mixq/milp/internal/lp"
)

// Reliability branching (Achterberg, Koch and Martin 2005).
const (
	reliable      = 4  // branchings in each direction from which a pseudo-cost is trusted
	lookAhead     = 6  // candidates without improvement after which strong branching ends
	maxCandidates = 60 // columns tried by strong branching at one node
	strongIters   = 60 // simplex iterations of one trial
	scoreFloor    = 1e-6
)

// pseudoCosts keep the mean objective gain per unit of distance by column and direction.
type pseudoCosts struct {
	sum   [2][]float64
	count [2][]int
	total [2]float64 // over all columns
	n     [2]int
}

func newPseudoCosts(n int) pseudoCosts {
	var p pseudoCosts
	for k := range 2 {
		p.sum[k], p.count[k] = make([]float64, n), make([]int, n)
	}
	return p
}

func (p *pseudoCosts) learn(b branching, obj float64) {
	if b.distance <= 1e-9 || math.IsInf(b.parent, 0) {
		return
	}
	k := 0
	if b.up {
		k = 1
	}
	gain := math.Max(0, obj-b.parent) / b.distance
	p.sum[k][b.col] += gain
	p.count[k][b.col]++
	p.total[k] += gain
	p.n[k]++
}

// gain estimates the objective gain of moving column j by distance.
func (p *pseudoCosts) gain(j Col, k int, distance float64) float64 {
	switch {
	case p.count[k][j] > 0:
		return p.sum[k][j] / float64(p.count[k][j]) * distance
	case p.n[k] > 0:
		return p.total[k] / float64(p.n[k]) * distance
	}
	return distance
}

func score(down, up float64) float64 { return math.Max(down, scoreFloor) * math.Max(up, scoreFloor) }

// branch chooses a column among frac and makes the children of n. It returns
// the child to go on with.
func (t *tree) branch(n *node, frac []Col) *node {
	type candidate struct {
		col   Col
		score float64
	}
	cands := make([]candidate, len(frac))
	for i, j := range frac {
		down, up := t.distances(j, t.x[j])
		cands[i] = candidate{j, score(t.pseudo.gain(j, 0, down), t.pseudo.gain(j, 1, up))}
	}
	slices.SortFunc(cands, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.col, b.col))
	})
	best, bestScore := cands[0].col, -1.0
	x := append([]float64(nil), t.x...)
	idle := 0
	for i, c := range cands {
		s := c.score
		if min(t.pseudo.count[0][c.col], t.pseudo.count[1][c.col]) < reliable && i < maxCandidates {
			res, again := t.strong(n, c.col, x[c.col])
			if again { // one side is closed
				return t.shrunk(n, res)
			}
			s = res.score
			idle++
		}
		if s > bestScore {
			best, bestScore, idle = c.col, s, 0
		}
		if idle >= lookAhead || t.ctx.Err() != nil {
			break
		}
	}
	t.x = append(t.x[:0], x...)
	t.lp.Load(n.basis)
	down, up := t.children(best, x[best])
	return t.queue(n, down, up, x[best], t.preferUp(best, x[best]))
}

// distances returns how far column j at v is from its children.
func (t *tree) distances(j Col, v float64) (down, up float64) {
	d, u := t.children(j, v)
	return v - d.hi, u.lo - v
}

// preferUp reports whether to go on with the upper child: towards the incumbent
// if there is one, otherwise to the nearer side.
func (t *tree) preferUp(j Col, v float64) bool {
	if t.best != nil {
		return t.best[j] > v
	}
	down, up := t.distances(j, v)
	return up < down
}

// trial is what strong branching found for a column.
type trial struct {
	score  float64
	closed []change // bounds that remain when a side has no solution
	dead   bool     // neither side has
}

// strong solves a few iterations of both children of column j. again is true if
// the node changes: a child is infeasible or cut off.
func (t *tree) strong(n *node, j Col, v float64) (res trial, again bool) {
	down, up := t.children(j, v)
	var gains [2]float64
	var closed [2]bool
	n.basis = t.savedBasis(n)
	for k, c := range [2]change{down, up} {
		lo, hi := t.lo[j], t.hi[j]
		t.lo[j], t.hi[j] = math.Max(lo, c.lo), math.Min(hi, c.hi)
		t.lp.Load(n.basis)
		t.syncBounds()
		st := t.lp.Solve(t.ctx, lp.Limits{Cutoff: t.cutoff(), Iters: strongIters})
		t.lo[j], t.hi[j] = lo, hi
		switch st {
		case lp.Infeasible, lp.Cutoff:
			closed[k] = true
		case lp.Optimal:
			gains[k] = math.Max(0, t.lp.Objective()-n.bound)
			if t.lp.Objective() >= t.cutoff() {
				closed[k] = true
			} else {
				dist := [2]float64{v - down.hi, up.lo - v}[k]
				t.pseudo.learn(branching{j, k == 1, dist, n.bound}, t.lp.Objective())
			}
		case lp.IterLimit:
			gains[k] = math.Max(0, t.lp.DualObjective()-n.bound)
		}
	}
	t.lp.Load(n.basis)
	t.syncBounds()
	switch {
	case closed[0] && closed[1]:
		return trial{dead: true}, true
	case closed[0]:
		return trial{closed: []change{up}}, true
	case closed[1]:
		return trial{closed: []change{down}}, true
	}
	return trial{score: score(gains[0], gains[1])}, false
}

// savedBasis returns the optimal basis of the node itself.
func (t *tree) savedBasis(n *node) lp.Basis {
	if n.solved {
		return n.basis
	}
	n.solved = true
	return t.lp.Save()
}

// shrunk returns n with the bounds that strong branching left, to be processed again.
func (t *tree) shrunk(n *node, r trial) *node {
	if r.dead {
		return nil
	}
	c := append(append(make([]change, 0, len(n.changes)+1), n.changes...), r.closed...)
	return &node{bound: n.bound, changes: c, basis: n.basis, depth: n.depth, branched: branching{parent: math.Inf(1)}}
}
