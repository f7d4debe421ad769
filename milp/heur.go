package milp

import (
	"math"

	"mixq/milp/internal/lp"
)

// heuristics looks for an incumbent at node n, whose relaxation is solved.
func (t *tree) heuristics(n *node, frac []Col) {
	t.roundByLocks(frac)
	if n.depth == 0 || t.best == nil && t.nodes%10 == 0 || t.nodes%100 == 0 {
		t.dive(n)
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
