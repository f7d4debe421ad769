package milp

import (
	"math"

	"mixq/milp/internal/lp"
)

// heuristics looks for an incumbent at node n, whose relaxation is solved.
func (t *tree) heuristics(n *node, frac []Col) {
	t.roundByLocks(frac)
	if t.best != nil && t.nodes%rinsEvery == 0 {
		t.rins(n)
	}
	if n.depth == 0 || t.best == nil && t.nodes%10 == 0 || t.nodes%100 == 0 {
		t.dive(n)
	}
	if t.best == nil && n.depth == 0 && t.depth == 0 {
		t.pump()
	}
}

// Relaxation induced neighbourhood search.
const (
	rinsEvery = 200 // nodes between two tries
	rinsFixed = 0.4 // share of the discrete columns that must agree
	rinsNodes = 60  // of the search among the others
)

// rins searches the neighbourhood of the incumbent in which the discrete columns
// whose value agrees with the relaxation of node n are fixed (Danna, Rothberg
// and Le Pape 2005).
func (t *tree) rins(n *node) {
	if t.depth > 0 {
		return
	}
	sub := *t.m
	sub.cols = append([]column(nil), t.m.cols...)
	agree := 0
	for _, j := range t.discrete {
		c := &sub.cols[j]
		if !c.semi && math.Abs(t.x[j]-t.best[j]) < intTol {
			c.lo, c.hi = t.best[j], t.best[j]
			agree++
		}
	}
	if float64(agree) < rinsFixed*float64(len(t.discrete)) {
		return
	}
	t.searchSub(&sub)
}

// searchSub searches a restriction of the model for a better solution.
func (t *tree) searchSub(sub *Model) {
	small, left, stack, ok := presolve(sub)
	if !ok {
		return
	}
	o := Options{Nodes: rinsNodes}
	s := newTree(t.ctx, small, o)
	s.depth = t.depth + 1
	s.limit = t.cutoff() - t.m.sense()*(small.Offset-t.m.Offset)
	r := small.solveSub(s)
	t.extra += r.Iters
	if r.X != nil {
		t.offer(t.m.extend(r.X, left, stack))
	}
}

// oneOpt moves single integer columns of the incumbent in the direction of
// their cost as far as the rows allow.
func (t *tree) oneOpt() {
	x := append([]float64(nil), t.best...)
	slack := t.rowSlacks(x)
	improved := false
	for _, j := range t.discrete {
		c := &t.m.cols[j]
		if t.cost[j] == 0 || c.semi {
			continue
		}
		if step := t.shift(j, x[j], slack); step != 0 {
			x[j] += step
			t.applyShift(j, step, slack)
			improved = true
		}
	}
	if improved {
		t.offer(x)
	}
}

// rowSlack is the room of a row below and above its activity.
type rowSlack struct{ down, up float64 }

func (t *tree) rowSlacks(x []float64) []rowSlack {
	out := make([]rowSlack, len(t.m.rows))
	for i := range t.m.rows {
		cols, a := t.m.entries(Row(i))
		var s neumaier
		for k, c := range cols {
			s.add(a[k] * x[c])
		}
		out[i] = rowSlack{s.sum() - t.m.rows[i].lo, t.m.rows[i].hi - s.sum()}
	}
	return out
}

// shift returns the largest integer step of column j that lowers the objective
// and keeps bounds and rows.
func (t *tree) shift(j Col, v float64, slack []rowSlack) float64 {
	dir, room := 1.0, t.rootHi[j]-v
	if t.cost[j] > 0 {
		dir, room = -1, v-t.rootLo[j]
	}
	for k := t.prop.colStart[j]; k < t.prop.colStart[j+1] && room >= 1; k++ {
		a, s := dir*t.prop.colVals[k], slack[t.prop.colRows[k]]
		if a > 0 {
			room = math.Min(room, s.up/a+1e-9)
		} else if a < 0 {
			room = math.Min(room, -s.down/a+1e-9)
		}
	}
	if room < 1 || math.IsInf(room, 1) {
		return 0
	}
	return dir * math.Floor(room)
}

func (t *tree) applyShift(j Col, step float64, slack []rowSlack) {
	for k := t.prop.colStart[j]; k < t.prop.colStart[j+1]; k++ {
		d := step * t.prop.colVals[k]
		s := &slack[t.prop.colRows[k]]
		s.down += d
		s.up -= d
	}
}

// roundByLocks rounds every fractional column in the direction in which no row
// can become violated, where there is one, otherwise to the nearest integer.
func (t *tree) roundByLocks(frac []Col) {
	x := append([]float64(nil), t.x...)
	for _, j := range frac {
		down, up := t.locks(j)
		switch {
		case t.m.cols[j].semi && !t.m.cols[j].integer:
			if x[j] < t.m.cols[j].lo/2 {
				x[j] = 0
			} else {
				x[j] = t.m.cols[j].lo
			}
		case down == 0:
			x[j] = math.Floor(x[j])
		case up == 0:
			x[j] = math.Ceil(x[j])
		default:
			x[j] = math.Round(x[j])
		}
	}
	t.offer(x)
}

// locks counts the row sides that lowering and raising column j can violate.
func (t *tree) locks(j Col) (down, up int) {
	for k := t.prop.colStart[j]; k < t.prop.colStart[j+1]; k++ {
		r := &t.m.rows[t.prop.colRows[k]]
		hasLo, hasHi := !math.IsInf(r.lo, -1), !math.IsInf(r.hi, 1)
		if t.prop.colVals[k] < 0 {
			hasLo, hasHi = hasHi, hasLo
		}
		if hasLo {
			down++
		}
		if hasHi {
			up++
		}
	}
	return down, up
}

// dive fixes fractional columns one after the other, the one nearest to an
// allowed value first, propagating and solving again, until the relaxation is
// integral or infeasible. A contradiction is answered once by the other direction.
func (t *tree) dive(n *node) {
	lo, hi := append([]float64(nil), t.lo...), append([]float64(nil), t.hi...)
	x := append([]float64(nil), t.x...)
	budget := t.lp.Iters() + 500 + 10*t.lp.Rows()
	for t.lp.Iters() < budget && t.ctx.Err() == nil {
		frac := t.fractional(t.x)
		if len(frac) == 0 {
			if !t.offer(t.x) {
				t.offerFixed(t.x)
			}
			break
		}
		t.offerFixedOnce(frac)
		if !t.diveStep(frac) {
			break
		}
	}
	copy(t.lo, lo)
	copy(t.hi, hi)
	t.x = append(t.x[:0], x...)
	t.lp.Load(n.basis)
	t.syncBounds()
}

// offerFixedOnce tries the rounded point early in a dive without an incumbent.
func (t *tree) offerFixedOnce(frac []Col) {
	if t.best == nil && len(frac) <= 2 {
		t.roundByLocks(frac)
	}
}

// diveStep fixes one column; it returns false at a dead end.
func (t *tree) diveStep(frac []Col) bool {
	at, up, best := Col(-1), false, math.Inf(1)
	for _, j := range frac {
		down, raise := t.distances(j, t.x[j])
		d, u := t.locks(j)
		penalty := 1.0
		if d == 0 || u == 0 {
			penalty = 2 // can be rounded at the end
		}
		if v := math.Min(down, raise) * penalty; v < best {
			at, up, best = j, raise < down, v
		}
	}
	lo, hi := append([]float64(nil), t.lo...), append([]float64(nil), t.hi...)
	down, raise := t.children(at, t.x[at])
	for range 2 {
		c := down
		if up {
			c = raise
		}
		t.lo[at], t.hi[at] = math.Max(t.lo[at], c.lo), math.Min(t.hi[at], c.hi)
		t.prop.pushColumn(at)
		if t.lo[at] <= t.hi[at] && t.prop.run(t.lo, t.hi) && t.solveLP(t.cutoff()) == lp.Optimal {
			return true
		}
		copy(t.lo, lo)
		copy(t.hi, hi)
		up = !up
	}
	return false
}
