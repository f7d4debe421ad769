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

// pseudoCosts keep the mean objective gain per unit of distance by split and direction.
type pseudoCosts struct {
	sum   [2][]float64
	count [2][]int
	total [2]float64 // over all splits
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
	p.sum[k][b.key] += gain
	p.count[k][b.key]++
	p.total[k] += gain
	p.n[k]++
}

// gain estimates the objective gain of moving down (k = 0) or up by distance.
func (p *pseudoCosts) gain(key, k int, distance float64) float64 {
	switch {
	case p.count[k][key] > 0:
		return p.sum[k][key] / float64(p.count[k][key]) * distance
	case p.n[k] > 0:
		return p.total[k] / float64(p.n[k]) * distance
	}
	return distance
}

func score(down, up float64) float64 { return math.Max(down, scoreFloor) * math.Max(up, scoreFloor) }

// branch chooses among the columns of frac and the choice rows and makes the
// children of n. It returns the child to go on with.
func (t *tree) branch(n *node, frac []Col) *node {
	type candidate struct {
		split
		score float64
	}
	var cands []candidate
	add := func(s split) {
		cands = append(cands, candidate{s, score(t.pseudo.gain(s.key, 0, s.dist[0]), t.pseudo.gain(s.key, 1, s.dist[1]))})
	}
	for _, j := range frac {
		add(t.columnSplit(j, t.x[j]))
	}
	for _, s := range t.choiceSplits() {
		add(s)
	}
	slices.SortFunc(cands, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.key, b.key))
	})
	best, bestScore := &cands[0].split, -1.0
	x := append([]float64(nil), t.x...)
	idle := 0
	for i := range cands {
		c := &cands[i]
		s := c.score
		if min(t.pseudo.count[0][c.key], t.pseudo.count[1][c.key]) < reliable && i < maxCandidates {
			res, again := t.strong(n, &c.split)
			if again { // one side is closed
				return t.shrunk(n, res)
			}
			s = res.score
			idle++
		}
		if s > bestScore {
			best, bestScore, idle = &c.split, s, 0
		}
		if idle >= lookAhead || t.ctx.Err() != nil {
			break
		}
	}
	t.x = append(t.x[:0], x...)
	t.lp.Load(n.basis)
	return t.queue(n, best, t.preferUp(best))
}

// distances returns how far column j at v is from its children.
func (t *tree) distances(j Col, v float64) (down, up float64) {
	d, u := t.children(j, v)
	return v - d.hi, u.lo - v
}

// trial is what strong branching found for a split.
type trial struct {
	score  float64
	closed []change // bounds that remain when a side has no solution
	dead   bool     // neither side has
}

// strong solves a few iterations of both children of a split. again is true if
// the node changes: a child is infeasible or cut off.
func (t *tree) strong(n *node, s *split) (res trial, again bool) {
	var gains [2]float64
	var closed [2]bool
	n.basis = t.savedBasis(n)
	for k, c := range [2][]change{s.down, s.up} {
		undo := t.narrow(c)
		t.lp.Load(n.basis)
		t.syncBounds()
		st := t.lp.Solve(t.ctx, lp.Limits{Cutoff: t.cutoff(), Iters: strongIters})
		for _, u := range undo {
			t.lo[u.col], t.hi[u.col] = u.lo, u.hi
		}
		switch st {
		case lp.Infeasible, lp.Cutoff:
			closed[k] = true
		case lp.Optimal:
			gains[k] = math.Max(0, t.lp.Objective()-n.bound)
			if t.lp.Objective() >= t.cutoff() {
				closed[k] = true
			} else {
				t.pseudo.learn(branching{s.key, k == 1, s.dist[k], n.bound}, t.lp.Objective())
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
		return trial{closed: s.up}, true
	case closed[1]:
		return trial{closed: s.down}, true
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
