package milp

import (
	"cmp"
	"math"
	"slices"

	"mixq/milp/internal/lp"
)

// Limits of the feasibility pump.
const (
	pumpRounds = 30
	pumpFlips  = 10  // columns moved to leave a cycle
	pumpNoise  = 0.3 // at most, in the choice of these
	pumpIters  = 500 // simplex iterations of a round, besides two per row
)

// pump looks for a solution from the relaxation of the current node: in turns
// it rounds the discrete columns and projects the result onto the relaxation, by
// the sum of the distances, until both agree (Fischetti, Glover and Lodi 2005).
func (t *tree) pump() {
	s := lp.New(t.m.relaxation())
	defer func() { t.extra += int64(s.Iters()) }()
	x := slices.Clone(t.x)
	target := make([]float64, len(x))
	for round := range pumpRounds {
		if !t.roundTo(target, x) {
			t.leaveCycle(target, x, round)
		}
		t.aim(s, target, x)
		if s.Solve(t.ctx, lp.Limits{Cutoff: math.Inf(1), Iters: pumpIters + 2*s.Rows()}) != lp.Optimal {
			return
		}
		if x = s.X(x[:0]); len(t.fractional(x)) == 0 {
			t.offer(x)
			t.offerFixed(x)
			if t.best != nil {
				return
			}
		}
	}
}

// roundTo rounds the discrete columns of x to allowed values, the surest first,
// each within the bounds that the rows leave it as long as these do not
// contradict each other (Fischetti and Salvagnin 2009). It reports whether that changes target.
func (t *tree) roundTo(target, x []float64) (changed bool) {
	lo, hi := slices.Clone(t.lo), slices.Clone(t.hi)
	consistent := true
	for _, j := range t.byDistance(func(j Col) float64 { return t.violation(j, x[j]) }) {
		v := t.allowed(j, x[j])
		if consistent {
			v = math.Min(math.Max(v, lo[j]), hi[j])
			lo[j], hi[j] = v, v
			t.prop.pushColumn(j)
			consistent = t.prop.run(lo, hi)
		}
		changed = changed || v != target[j]
		target[j] = v
	}
	return changed
}

// allowed returns the value nearest to v that column j may take.
func (t *tree) allowed(j Col, v float64) float64 {
	switch c := &t.m.cols[j]; {
	case c.semi && v < c.lo/2:
		return 0
	case c.semi && !c.integer:
		return math.Max(v, c.lo)
	}
	return math.Round(v)
}

// byDistance lists the discrete columns, those of least distance first.
func (t *tree) byDistance(distance func(Col) float64) []Col {
	d := make([]float64, len(t.m.cols))
	for _, j := range t.discrete {
		d[j] = distance(j)
	}
	order := slices.Clone(t.discrete)
	slices.SortFunc(order, func(a, b Col) int { return cmp.Or(cmp.Compare(d[a], d[b]), cmp.Compare(a, b)) })
	return order
}

// leaveCycle moves the targets farthest from x to its other side, with some
// noise that differs from round to round.
func (t *tree) leaveCycle(target, x []float64, round int) {
	order := t.byDistance(func(j Col) float64 {
		noise := float64(mix(uint64(round)<<32|uint64(j))>>11) * 0x1p-53
		return -math.Abs(x[j]-target[j]) - pumpNoise*noise
	})
	for _, j := range order[:min(pumpFlips, len(order))] {
		step := 1.0
		if x[j] < target[j] || x[j] == target[j] && target[j] == t.hi[j] {
			step = -1
		}
		if v := target[j] + step; t.lo[j] <= v && v <= t.hi[j] {
			target[j] = v
		}
	}
}

// aim makes the sum of the distances of the discrete columns from target the
// objective of s. Columns between their bounds stay on the side where x is, which
// keeps the sum linear and x feasible.
func (t *tree) aim(s *lp.Solver, target, x []float64) {
	cost := make([]float64, len(x))
	for _, j := range t.discrete {
		v, lo, hi := target[j], t.lo[j], t.hi[j]
		switch {
		case lo == hi:
		case v <= lo:
			cost[j] = 1
		case v >= hi:
			cost[j] = -1
		case x[j] >= v:
			cost[j], lo = 1, v
		default:
			cost[j], hi = -1, v
		}
		s.SetBounds(int(j), lo, hi)
	}
	s.SetCosts(cost)
}
