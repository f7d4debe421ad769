package lp

import (
	"cmp"
	"math"
	"slices"
)

// breakpoint is where a basic column reaches a bound when the entering one moves.
type breakpoint struct {
	t     float64 // step
	slot  int32
	upper bool    // the bound reached
	alpha float64 // |entry of the entering column|
	final bool    // the step ends here in any case
}

// primal runs the primal simplex method: first on the sum of infeasibilities,
// then on the costs. It recomputes all reduced costs in every iteration, which
// is simple and exact; it serves to finish what the dual method leaves over.
func (s *Solver) primal(lim Limits) Status {
	if s.perturbed {
		s.unperturb()
	}
	norms := s.columnNorms()
	stalled := 0
	maxIters := s.iters + 20000 + 20*(s.n+s.m)
	for {
		if s.f.updates() >= maxUpdates || !s.ready {
			if !s.refactor() {
				return Trouble
			}
		}
		if s.iters >= lim.Iters {
			return IterLimit
		}
		if s.iters >= maxIters {
			return Trouble
		}
		if s.iters&15 == 0 && s.ctx.Err() != nil {
			return Stopped
		}
		phase1 := s.primalInfeasibility() > primalTol
		if phase1 {
			s.infeasibilityCosts()
		} else {
			s.computeD()
		}
		q := s.choosePrimal(norms, stalled)
		if q < 0 {
			if s.f.updates() > 0 {
				s.ready = false
				continue
			}
			if !phase1 {
				return Optimal
			}
			if s.primalInfeasibility() < nearlyFeasible { // rounding: as good as feasible
				return s.acceptNearlyFeasible(norms)
			}
			s.farkasFromPrices()
			return Infeasible
		}
		step, st := s.primalStep(q, phase1)
		if st != Optimal {
			if st == Unbounded && s.f.updates() > 0 {
				s.ready = false
				continue
			}
			return st
		}
		s.iters++
		if stalled++; step > 1e-12 {
			stalled = 0
		}
	}
}

// acceptNearlyFeasible checks the reduced costs of a point that violates bounds by rounding only.
func (s *Solver) acceptNearlyFeasible(norms []float64) Status {
	s.computeD()
	if s.choosePrimal(norms, 0) < 0 {
		return Optimal
	}
	return Trouble
}

// columnNorms returns 1 + the squared length of every column.
func (s *Solver) columnNorms() []float64 {
	norms := make([]float64, s.n+s.m)
	for j := range norms {
		norms[j] = 1
		_, val := s.column(int32(j))
		for _, v := range val {
			norms[j] += v * v
		}
	}
	return norms
}

// infeasibilityCosts sets the reduced costs to those of the sum of infeasibilities.
func (s *Solver) infeasibilityCosts() {
	for q, j := range s.head {
		s.alpha[q] = 0
		if s.xb[q] > s.hi[j]+primalTol {
			s.alpha[q] = 1
		} else if s.xb[q] < s.lo[j]-primalTol {
			s.alpha[q] = -1
		}
	}
	s.f.btran(s.alpha, s.y)
	clear(s.d)
	for i, v := range s.y {
		if v == 0 {
			continue
		}
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			s.d[s.colInd[t]] -= v * s.rowVal[t]
		}
		s.d[s.n+i] += v
	}
	for _, j := range s.head {
		s.d[j] = 0
	}
}

// choosePrimal returns the nonbasic column with the largest scaled reduced cost
// of the wrong sign, -1 if there is none. After many steps without progress the
// choice is randomised, which ends cycles.
func (s *Solver) choosePrimal(norms []float64, stalled int) int32 {
	q := int32(-1)
	best := 0.0
	for j, p := range s.pos {
		if p == basic || s.lo[j] == s.hi[j] {
			continue
		}
		d := s.d[j]
		if !(p != atUpper && d < -dualTol || p != atLower && d > dualTol) {
			continue
		}
		merit := d * d / norms[j]
		if stalled > 30 {
			merit *= hashUnit(uint64(j)<<32 ^ uint64(s.iters))
		}
		if merit > best {
			best, q = merit, int32(j)
		}
	}
	return q
}

// primalStep moves column q in its improving direction as far as bounds allow.
func (s *Solver) primalStep(q int32, phase1 bool) (step float64, st Status) {
	dir := -sign(s.d[q])
	clear(s.work)
	ind, val := s.column(q)
	for k, i := range ind {
		s.work[i] = val[k]
	}
	s.f.ftran(s.work, s.alpha)
	r, step, upper := s.primalRatio(dir, math.Abs(s.d[q]), phase1)
	if span := s.hi[q] - s.lo[q]; span <= step && !math.IsInf(span, 1) {
		for k, v := range s.alpha {
			s.xb[k] -= dir * span * v
		}
		if s.pos[q] == atLower {
			s.pos[q] = atUpper
		} else {
			s.pos[q] = atLower
		}
		s.rest(int(q))
		return span, Optimal
	}
	if r < 0 {
		if phase1 {
			return 0, Trouble
		}
		s.noteRay(q, dir)
		return 0, Unbounded
	}
	entering := s.x[q] + dir*step
	for k, v := range s.alpha {
		s.xb[k] -= dir * step * v
	}
	out := s.head[r]
	s.pos[out] = atLower
	if upper {
		s.pos[out] = atUpper
	}
	s.rest(int(out))
	s.slot[out], s.slot[q] = -1, int32(r)
	s.head[r], s.pos[q] = q, basic
	s.xb[r] = entering
	s.weight[r] = 1
	s.f.update(r, s.alpha)
	return step, Optimal
}

// primalRatio returns the slot that leaves, the step, and whether it leaves at its upper bound.
func (s *Solver) primalRatio(dir, slope float64, phase1 bool) (r int, step float64, upper bool) {
	points := s.breakpoints(dir, phase1)
	if len(points) == 0 {
		return -1, math.Inf(1), false
	}
	slices.SortFunc(points, func(a, b breakpoint) int {
		return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(b.alpha, a.alpha), cmp.Compare(a.slot, b.slot))
	})
	end := 0
	for ; end < len(points)-1 && !points[end].final; end++ {
		if slope -= points[end].alpha; slope <= 0 {
			break
		}
	}
	// Of the breakpoints within Harris' tolerance of the end the largest pivot leaves.
	limit := math.Inf(1)
	for _, p := range points[end:] {
		limit = min(limit, p.t+primalTol/p.alpha)
	}
	best := end
	for k := end; k < len(points) && points[k].t <= limit; k++ {
		if points[k].alpha > points[best].alpha {
			best = k
		}
	}
	if points[best].alpha < pivotTol { // a larger pivot before the end still makes progress
		for k := range points[:end] {
			if points[k].alpha > points[best].alpha {
				best = k
			}
		}
	}
	return int(points[best].slot), max(0, points[best].t), points[best].upper
}

// breakpoints lists where basic columns reach bounds. Feasible ones stop the
// step when minimising costs; in phase one they may become infeasible, at a price.
func (s *Solver) breakpoints(dir float64, phase1 bool) []breakpoint {
	points := s.points[:0]
	for k, v := range s.alpha {
		rate := -dir * v
		a := math.Abs(rate)
		if a < 1e-9 {
			continue
		}
		j := s.head[k]
		x, lo, hi := s.xb[k], s.lo[j], s.hi[j]
		add := func(bound float64, upper bool) {
			if !math.IsInf(bound, 0) {
				points = append(points, breakpoint{(bound - x) / rate, int32(k), upper, a, !phase1})
			}
		}
		switch {
		case phase1 && x > hi+primalTol:
			if rate < 0 {
				add(hi, true)
				if lo < hi {
					add(lo, false)
				}
			}
		case phase1 && x < lo-primalTol:
			if rate > 0 {
				add(lo, false)
				if lo < hi {
					add(hi, true)
				}
			}
		case rate > 0:
			add(hi, true)
		default:
			add(lo, false)
		}
	}
	s.points = points
	return points
}

// noteRay keeps the direction in which column q moves without limit.
func (s *Solver) noteRay(q int32, dir float64) {
	s.ray = make([]float64, s.n)
	if int(q) < s.n {
		s.ray[q] = dir * s.colScale[q]
	}
	for k, j := range s.head {
		if int(j) < s.n {
			s.ray[j] = -dir * s.alpha[k] * s.colScale[j]
		}
	}
}

// farkasFromPrices keeps the multipliers of phase one as proof of infeasibility.
func (s *Solver) farkasFromPrices() {
	for _, sg := range []float64{1, -1} {
		s.farkas = make([]float64, s.m)
		for i, v := range s.y {
			s.farkas[i] = sg * v * s.rowScale[i]
		}
		if s.proveInfeasible() {
			return
		}
	}
}
