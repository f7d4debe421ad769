package lp

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Solve optimises from the current basis: by the dual simplex method if the
// basis is or can be made dual feasible, otherwise, and to finish, by the primal.
func (s *Solver) Solve(ctx context.Context, lim Limits) Status {
	s.ctx = ctx
	s.farkas, s.ray = nil, nil
	for j := range s.lo {
		if s.lo[j] > s.hi[j] {
			if s.lo[j]-s.hi[j] > primalTol*math.Max(1, math.Abs(s.lo[j])) {
				return Infeasible
			}
			s.hi[j] = s.lo[j]
		}
	}
	if lim.Iters == 0 {
		lim.Iters = math.MaxInt
	} else {
		lim.Iters += s.iters
	}
	st := s.solve(lim)
	if s.perturbed {
		s.unperturb()
	}
	return st
}

func (s *Solver) solve(lim Limits) Status {
	s.perturbed = false
	copy(s.cost, s.orig)
	if !s.ready && !s.refactor() {
		return Trouble
	}
	s.computeD()
	if s.makeDualFeasible() > 0 {
		if st := s.phaseOne(lim); st != Optimal {
			return st
		}
		s.computeD()
		if s.makeDualFeasible() > 0 {
			s.computeX()
			return s.primal(lim)
		}
	}
	s.computeX()
	for try := 0; ; try++ {
		st := s.dual(lim)
		if s.perturbed {
			s.unperturb()
		}
		if st == Infeasible && !s.proveInfeasible() {
			if s.ready = false; try < 3 && s.refactor() {
				s.computeD()
				if s.makeDualFeasible() == 0 {
					s.computeX()
					continue
				}
			}
			return s.primal(lim)
		}
		if st == Trouble {
			s.ready = false
			return s.primal(lim)
		}
		if st != Optimal {
			return st
		}
		break
	}
	if s.dualInfeasibility() <= dualTol && s.primalInfeasibility() <= primalTol {
		return Optimal
	}
	return s.primal(lim)
}

// unperturb restores the costs and the reduced costs.
func (s *Solver) unperturb() {
	copy(s.cost, s.orig)
	s.perturbed = false
	s.computeD()
}

// makeDualFeasible moves boxed nonbasic columns to the bound that suits their
// reduced cost and returns how many others have the wrong sign.
func (s *Solver) makeDualFeasible() int {
	wrong := 0
	for j, p := range s.pos {
		if p == basic || s.lo[j] == s.hi[j] {
			continue
		}
		d := s.d[j]
		boxed := !math.IsInf(s.lo[j], -1) && !math.IsInf(s.hi[j], 1)
		switch {
		case boxed && d > dualTol:
			s.pos[j] = atLower
		case boxed && d < -dualTol:
			s.pos[j] = atUpper
		case p == atLower && d < -dualTol, p == atUpper && d > dualTol, p == atZero && math.Abs(d) > dualTol:
			wrong++
		}
		s.rest(j)
	}
	return wrong
}

// dualInfeasibility returns the largest reduced cost of the wrong sign.
func (s *Solver) dualInfeasibility() float64 {
	worst := 0.0
	for j, p := range s.pos {
		if p == basic || s.lo[j] == s.hi[j] {
			continue
		}
		switch p {
		case atLower:
			worst = max(worst, -s.d[j])
		case atUpper:
			worst = max(worst, s.d[j])
		case atZero:
			worst = max(worst, math.Abs(s.d[j]))
		}
	}
	return worst
}

func (s *Solver) primalInfeasibility() float64 {
	worst := 0.0
	for q, j := range s.head {
		worst = max(worst, s.lo[j]-s.xb[q], s.xb[q]-s.hi[j])
	}
	return worst
}

// phaseOne finds a dual feasible basis if there is one, by the dual simplex
// method on an auxiliary problem (Koberstein 2005, 4.4): boxed columns are fixed at
// zero, the others get bounds of size one where they have one, large ones if free.
func (s *Solver) phaseOne(lim Limits) Status {
	lo, hi := slices.Clone(s.lo), slices.Clone(s.hi)
	for j := range s.lo {
		noLo, noHi := math.IsInf(lo[j], -1), math.IsInf(hi[j], 1)
		switch {
		case noLo && noHi:
			s.lo[j], s.hi[j] = -1000, 1000
		case noHi:
			s.lo[j], s.hi[j] = 0, 1
		case noLo:
			s.lo[j], s.hi[j] = -1, 0
		default:
			s.lo[j], s.hi[j] = 0, 0
		}
		if s.pos[j] != basic {
			s.rest(j)
		}
	}
	s.makeDualFeasible()
	s.computeX()
	lim.Cutoff = math.Inf(1)
	st := s.dual(lim)
	if s.perturbed {
		s.unperturb()
	}
	s.lo, s.hi = lo, hi
	for j := range s.pos {
		if s.pos[j] != basic {
			s.rest(j)
		}
	}
	s.computeX()
	if st == Infeasible { // cannot be: zero is feasible
		return Trouble
	}
	return st
}

// perturb shifts the costs so that ties among ratios become rare, keeping the
// basis dual feasible.
func (s *Solver) perturb() {
	s.perturbed = true
	largest := 1.0
	for _, c := range s.orig[:s.n] {
		largest = max(largest, math.Abs(c))
	}
	base := 5e-7
	if largest > 100 {
		base *= math.Sqrt(math.Sqrt(largest/100)) / largest * 100
		base = max(base, 1e-9)
	}
	for j := range s.n {
		if s.lo[j] == s.hi[j] || s.pos[j] == atZero || math.IsInf(s.lo[j], -1) && math.IsInf(s.hi[j], 1) {
			continue
		}
		xi := (1 + math.Abs(s.cost[j])) * base * (1 + hashUnit(uint64(j)))
		switch {
		case math.IsInf(s.hi[j], 1):
		case math.IsInf(s.lo[j], -1):
			xi = -xi
		case s.pos[j] == basic && s.cost[j] < 0, s.pos[j] == atUpper:
			xi = -xi
		}
		s.cost[j] += xi
	}
	s.computeD()
}

// hashUnit maps x to a number in [0, 1) (splitmix64).
func hashUnit(x uint64) float64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) * 0x1p-53
}

// candidate is a nonbasic column that may enter.
type candidate struct {
	j     int32
	alpha float64 // entry of the pivot row, in the direction that repairs the leaving column
	ratio float64
}

// dual runs the dual simplex method from a dual feasible basis.
func (s *Solver) dual(lim Limits) Status {
	const perturbAfter = 40 // iterations
	start := s.iters
	banned, failures := -1, 0
	for {
		if st := s.beforeIteration(lim); st != 0 {
			return st
		}
		if !s.perturbed && s.iters-start >= perturbAfter {
			s.perturb()
			s.repairDuals()
		}
		r, delta := s.chooseRow(banned)
		if r < 0 && s.f.updates() > 0 { // look again with exact values
			banned, s.ready = -1, false
			continue
		}
		if r < 0 {
			return Optimal
		}
		s.rowOf(r)
		q := s.chooseColumn(delta)
		if q < 0 && s.f.updates() == 0 {
			s.noteFarkas(delta)
			return Infeasible
		}
		if q >= 0 && s.pivot(r, q, delta) {
			banned, failures = -1, 0
			s.iters++
			continue
		}
		if s.f.updates() == 0 {
			banned = r // the row is numerically unreliable: take another one
			if failures++; failures > 20 || s.allBanned(r) {
				return Trouble
			}
		}
		s.ready = false
	}
}

// beforeIteration factorizes when it is time and looks at the limits. It
// returns 0 to go on.
func (s *Solver) beforeIteration(lim Limits) Status {
	if s.f.updates() >= maxUpdates || !s.ready {
		if !s.refactor() {
			return Trouble
		}
		s.computeD()
		s.repairDuals()
	}
	if s.iters >= lim.Iters {
		return IterLimit
	}
	if s.iters&31 != 0 {
		return 0
	}
	if s.ctx.Err() != nil {
		return Stopped
	}
	if !s.perturbed && s.dualObjective() > lim.Cutoff {
		return Cutoff
	}
	return 0
}

// allBanned reports whether no row but r is infeasible.
func (s *Solver) allBanned(r int) bool {
	q, _ := s.chooseRow(r)
	return q < 0
}

// dualObjective returns the objective of the current basis.
func (s *Solver) dualObjective() float64 {
	sum := 0.0
	for j, p := range s.pos {
		if p != basic {
			sum += s.d[j] * s.x[j]
		}
	}
	return sum
}

// repairDuals shifts costs where rounding gave reduced costs the wrong sign.
func (s *Solver) repairDuals() {
	for j, p := range s.pos {
		if p == basic || s.lo[j] == s.hi[j] {
			continue
		}
		d := s.d[j]
		boxed := !math.IsInf(s.lo[j], -1) && !math.IsInf(s.hi[j], 1)
		wrong := p == atLower && d < -dualTol || p == atUpper && d > dualTol || p == atZero && math.Abs(d) > dualTol
		if !wrong {
			continue
		}
		if boxed {
			s.moveTo(j, map[bool]position{true: atUpper, false: atLower}[d < 0])
			continue
		}
		s.cost[j] -= d
		s.d[j] = 0
		s.perturbed = true
	}
}

// moveTo puts a nonbasic column at its other bound and updates the basic values.
func (s *Solver) moveTo(j int, p position) {
	old := s.x[j]
	s.pos[j] = p
	s.rest(j)
	step := s.x[j] - old
	if step == 0 {
		return
	}
	clear(s.work)
	ind, val := s.column(int32(j))
	for k, i := range ind {
		s.work[i] = val[k]
	}
	s.f.ftran(s.work, s.tau)
	for q, v := range s.tau {
		s.xb[q] -= v * step
	}
}

// chooseRow returns the basic slot with the largest weighted violation and by
// how much it is above its upper (positive) or below its lower bound.
func (s *Solver) chooseRow(banned int) (r int, delta float64) {
	r = -1
	best := 0.0
	for q, j := range s.head {
		v := 0.0
		if x := s.xb[q]; x > s.hi[j]+primalTol {
			v = x - s.hi[j]
		} else if x < s.lo[j]-primalTol {
			v = x - s.lo[j]
		} else {
			continue
		}
		if merit := v * v / s.weight[q]; merit > best && q != banned {
			best, r, delta = merit, q, v
		}
	}
	return r, delta
}

// rowOf computes row r of the inverse (rho) and of the tableau (pivotRow).
func (s *Solver) rowOf(r int) {
	clear(s.work)
	s.work[r] = 1
	s.f.btran(s.work, s.rho)
	for _, j := range s.touched {
		s.pivotRow[j], s.isTouched[j] = 0, false
	}
	s.touched = s.touched[:0]
	for i, v := range s.rho {
		if math.Abs(v) < dropTolerance {
			continue
		}
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			s.touch(s.colInd[t], v*s.rowVal[t])
		}
		s.touch(int32(s.n+i), -v)
	}
}

func (s *Solver) touch(j int32, v float64) {
	if s.pos[j] == basic {
		return
	}
	if !s.isTouched[j] {
		s.isTouched[j] = true
		s.touched = append(s.touched, j)
	}
	s.pivotRow[j] += v
}

// chooseColumn runs the ratio test with bound flipping (Maros 2003) in groups
// within Harris' tolerance: passing the ratio of a boxed column flips it to its
// other bound, which is worth it while the leaving column stays infeasible. Of
// the last group the largest pivot enters. It returns -1 if no column can enter;
// the columns to flip are left in flips.
func (s *Solver) chooseColumn(delta float64) int32 {
	sign := math.Copysign(1, delta)
	s.cands = s.cands[:0]
	for _, j := range s.touched {
		if s.lo[j] == s.hi[j] && s.pos[j] != atZero {
			continue
		}
		a := sign * s.pivotRow[j]
		if math.Abs(a) < 1e-9 {
			continue
		}
		switch s.pos[j] {
		case atLower:
			if a < 0 {
				continue
			}
		case atUpper:
			if a > 0 {
				continue
			}
		}
		s.cands = append(s.cands, candidate{j, a, max(0, s.dualSlack(j)/math.Abs(a))})
	}
	slope := math.Abs(delta)
	rest := s.cands
	s.flips = s.flips[:0]
	chosen := int32(-1)
	for len(rest) > 0 {
		limit := math.Inf(1)
		for _, c := range rest {
			limit = min(limit, (s.dualSlack(c.j)+dualTol)/math.Abs(c.alpha))
		}
		limit = max(limit, 0)
		n := 0
		drop, largest := 0.0, 0.0
		best := -1
		for k := range rest {
			if rest[k].ratio > limit {
				continue
			}
			rest[k], rest[n] = rest[n], rest[k]
			c := rest[n]
			drop += math.Abs(c.alpha) * (s.hi[c.j] - s.lo[c.j])
			if a := math.Abs(c.alpha); a > largest || a == largest && best >= 0 && c.j < rest[best].j {
				largest, best = a, n
			}
			n++
		}
		if n == 0 {
			break
		}
		if largest >= pivotTol || chosen < 0 {
			chosen = rest[best].j
			s.flips = s.flips[:0]
			for _, c := range s.cands[:len(s.cands)-len(rest)] {
				s.flips = append(s.flips, c.j)
			}
		}
		if slope -= drop; !(slope > 0) {
			break
		}
		rest = rest[n:]
	}
	slices.SortFunc(s.flips, func(a, b int32) int { return cmp.Compare(a, b) })
	return chosen
}

// dualSlack returns how far the reduced cost of j is from the wrong sign.
func (s *Solver) dualSlack(j int32) float64 {
	switch s.pos[j] {
	case atLower:
		return max(0, s.d[j])
	case atUpper:
		return max(0, -s.d[j])
	}
	return 0
}

// pivot makes q basic in slot r. It returns false, having changed nothing but
// work space, if the pivot is not reliable.
func (s *Solver) pivot(r int, q int32, delta float64) bool {
	clear(s.work)
	ind, val := s.column(q)
	for k, i := range ind {
		s.work[i] = val[k]
	}
	s.f.ftran(s.work, s.alpha)
	piv := s.alpha[r]
	if math.Abs(piv) < 1e-9 || math.Abs(piv-s.pivotRow[q]) > 1e-6*(1+math.Abs(piv)) && s.f.updates() > 0 ||
		math.Abs(piv) < pivotTol && s.f.updates() > 0 {
		return false
	}
	s.flipBounds()
	out := s.head[r]
	bound, side := s.lo[out], atLower
	if delta > 0 {
		bound, side = s.hi[out], atUpper
	}
	theta := s.updateDuals(q, s.d[q]/s.pivotRow[q], sign(delta))
	step := (s.xb[r] - bound) / piv
	entering := s.x[q] + step
	for k, v := range s.alpha {
		if v != 0 {
			s.xb[k] -= step * v
		}
	}
	s.updateWeights(r, piv)
	s.xb[r] = entering
	s.pos[out], s.d[out] = side, -theta
	s.rest(int(out))
	s.slot[out], s.slot[q] = -1, int32(r)
	s.head[r], s.pos[q] = q, basic
	s.f.update(r, s.alpha)
	return true
}

func sign(v float64) float64 { return math.Copysign(1, v) }

// flipBounds moves the columns in flips to their other bounds.
func (s *Solver) flipBounds() {
	if len(s.flips) == 0 {
		return
	}
	clear(s.work)
	for _, j := range s.flips {
		old := s.x[j]
		if s.pos[j] == atLower {
			s.pos[j] = atUpper
		} else {
			s.pos[j] = atLower
		}
		s.rest(int(j))
		ind, val := s.column(j)
		for k, i := range ind {
			s.work[i] += val[k] * (s.x[j] - old)
		}
	}
	s.f.ftran(s.work, s.flip)
	for k, v := range s.flip {
		s.xb[k] -= v
	}
}

// updateDuals takes the dual step theta along the pivot row, shifting costs
// where Harris' tolerance let reduced costs pass zero. It returns the step taken.
func (s *Solver) updateDuals(q int32, theta, direction float64) float64 {
	if theta*direction < 0 { // the entering reduced cost has the wrong sign: make it zero
		s.cost[q] -= s.d[q]
		s.d[q] = 0
		s.perturbed = true
		theta = 0
	}
	for _, j := range s.touched {
		s.d[j] -= theta * s.pivotRow[j]
		if s.lo[j] == s.hi[j] {
			continue
		}
		if d := s.d[j]; s.pos[j] == atLower && d < -dualTol || s.pos[j] == atUpper && d > dualTol {
			s.cost[j] -= d
			s.d[j] = 0
			s.perturbed = true
		}
	}
	s.d[q] = 0
	return theta
}

// updateWeights updates the steepest-edge weights (Forrest and Goldfarb 1992)
// and the reduced cost of the leaving column.
func (s *Solver) updateWeights(r int, piv float64) {
	norm := 0.0
	copy(s.work, s.rho)
	for _, v := range s.rho {
		norm += v * v
	}
	s.f.ftran(s.work, s.tau)
	for k, a := range s.alpha {
		if a == 0 || k == r {
			continue
		}
		ratio := a / piv
		s.weight[k] = max(s.weight[k]-2*ratio*s.tau[k]+ratio*ratio*norm, 1e-4)
	}
	s.weight[r] = max(norm/(piv*piv), 1e-4)
}

// noteFarkas keeps the current row of the inverse as multipliers of the rows.
func (s *Solver) noteFarkas(delta float64) {
	s.farkas = make([]float64, s.m)
	for i, v := range s.rho {
		s.farkas[i] = -sign(delta) * v * s.rowScale[i]
	}
}

// proveInfeasible verifies that the noted multipliers combine the rows to one
// that no point within the bounds satisfies.
func (s *Solver) proveInfeasible() bool {
	if s.farkas == nil {
		return false
	}
	coef := make([]float64, s.n+s.m)
	size := 0.0
	for i, v := range s.farkas {
		v /= s.rowScale[i]
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			coef[s.colInd[t]] += v * s.rowVal[t]
		}
		coef[s.n+i] -= v
	}
	least := 0.0 // of the combination; it must be zero, so positive is a contradiction
	for j, c := range coef {
		if math.Abs(c) < zeroTol {
			continue
		}
		b := s.lo[j]
		if c < 0 {
			b = s.hi[j]
		}
		if math.IsInf(b, 0) {
			if math.Abs(c) < 1e-9 {
				continue
			}
			return false
		}
		least += c * b
		size = max(size, math.Abs(c*b))
	}
	return least > nearlyFeasible*max(1, size)
}
