package milp

import (
	"cmp"
	"math"
	"slices"
)

// enumerator finds all solutions near the Lagrangian bound by counting: a
// solution that costs at most the bound plus g deviates from the choice of least
// reduced cost by options whose reduced costs add up to at most g, for the
// difference is that sum plus the priced slack. With many groups the gap of an optimal
// solution is so small that few sets of deviations remain, where branching would
// have to decide hundreds of nearly equal options.
type enumerator struct {
	*brancher
	price  []float64
	dev    []deviation // by reduced cost
	used   []bool      // by group
	path   []int32     // deviations taken
	base   []int32     // option of least reduced cost of every group
	bound  float64     // of the base
	limit  float64     // sum of reduced costs up to which sets are visited
	budget int64       // sets that may still be visited
}

// deviation replaces the base option of a group.
type deviation struct {
	reduced float64
	w       [MaxKnapsacks]float64 // weight above that of the base option
	opt     int32
	group   int32
}

const (
	firstDeviations = 16  // the first limit admits that many single deviations
	limitGrowth     = 1.3 // each further limit is that much larger
)

// enumerate visits sets of deviations in s until all that could improve the
// incumbent are visited, which it reports, or the budget is spent. Of the
// deviations only one in stride is used: a sample reaches larger sums with the same
// budget, which finds incumbents; all of them (stride 1) prove bounds.
func (b *brancher) enumerate(s *subproblem, d *dual, budget int64, stride uint64) bool {
	e := &enumerator{brancher: b, price: d.price, bound: d.bound, budget: budget,
		used: make([]bool, b.groups()), base: slices.Clone(b.pick)}
	slack := e.load(s, stride)
	e.round(&slack)
	limit := math.Inf(1)
	if len(e.dev) > firstDeviations {
		limit = e.dev[firstDeviations].reduced
	}
	for ; ; limit *= limitGrowth {
		e.limit = min(limit, e.room())
		if !e.visit(0, 0, slack) {
			return false
		}
		if e.room() <= limit {
			return stride == 1
		}
		if stride == 1 {
			b.proven = max(b.proven, e.bound+limit)
		}
	}
}

// room is what an improvement may cost above the bound, rounding errors of the
// reduced costs allowed for.
func (e *enumerator) room() float64 {
	room := e.target() - e.bound
	for _, y := range e.price {
		room += 0x1p-46 * (1 + y)
	}
	return room
}

// load lists one in stride of the deviations of s and returns the slack of the base.
func (e *enumerator) load(s *subproblem, stride uint64) (slack [MaxKnapsacks]float64) {
	copy(slack[:], s.room)
	for i, g := range s.groups {
		opts := s.opts[s.start[i]:s.start[i+1]]
		best := slices.MinFunc(opts, func(x, y int32) int {
			return cmp.Compare(e.reduced(x, e.price), e.reduced(y, e.price))
		})
		e.base[g] = best
		for t := range e.k {
			slack[t] -= e.w[int(best)*e.k+t]
		}
		for _, j := range opts {
			if j == best || mix(uint64(j))%stride != 0 {
				continue
			}
			v := deviation{reduced: e.reduced(j, e.price) - e.reduced(best, e.price), opt: j, group: g}
			for t := range e.k {
				v.w[t] = e.w[int(j)*e.k+t] - e.w[int(best)*e.k+t]
			}
			e.dev = append(e.dev, v)
		}
	}
	slices.SortFunc(e.dev, func(x, y deviation) int {
		return cmp.Or(cmp.Compare(x.reduced, y.reduced), cmp.Compare(x.opt, y.opt))
	})
	return slack
}

// round lowers the slack of the base to a multiple of the common divisor of the
// weights of the deviations, as far as a solution can use it, which raises the
// bound, drops the deviations that have become too dear, and goes on until nothing changes.
func (e *enumerator) round(slack *[MaxKnapsacks]float64) {
	var rest [MaxKnapsacks]int64
	copy(rest[:], e.problem.cap)
	for _, j := range e.base {
		for t := range e.k {
			rest[t] -= e.problem.w[int(j)*e.k+t]
		}
	}
	for changed := true; changed; {
		n, room := len(e.dev), e.room()
		e.dev = slices.DeleteFunc(e.dev, func(d deviation) bool { return d.reduced > room })
		changed = len(e.dev) < n
		var step [MaxKnapsacks]int64
		for _, d := range e.dev {
			base := e.base[d.group]
			for t := range e.k {
				step[t] = gcd(step[t], e.problem.w[int(d.opt)*e.k+t]-e.problem.w[int(base)*e.k+t])
			}
		}
		for t, g := range step[:e.k] {
			if g = max(g, -g); g > 1 {
				drop := rest[t] - floorDiv(rest[t], g)*g
				rest[t] -= drop
				v := float64(drop) / e.weightUnit[t]
				slack[t] -= v
				e.bound += v * e.price[t]
				changed = changed || drop > 0
			}
		}
	}
}

// visit tries the set of deviations taken so far, then all ways to extend it by
// deviations from position i on. It returns false if the budget or the context ended.
func (e *enumerator) visit(i int, sum float64, slack [MaxKnapsacks]float64) bool {
	const tol = 1e-12 // relative to a capacity; the exact test is offer's
	total, fits := sum, true
	for t, y := range e.price {
		fits = fits && slack[t] >= -tol
		total += y * slack[t]
	}
	if fits && total <= e.room() {
		e.take()
		e.limit = min(e.limit, e.room())
	}
	for ; i < len(e.dev); i++ {
		d := &e.dev[i]
		if sum+d.reduced > e.limit {
			break
		}
		if e.used[d.group] {
			continue
		}
		if e.budget--; e.budget <= 0 || e.budget&0xffff == 0 && e.ctx.Err() != nil {
			return false
		}
		next := slack
		for t := range e.k {
			next[t] -= d.w[t]
		}
		e.used[d.group] = true
		e.path = append(e.path, int32(i))
		more := e.visit(i+1, sum+d.reduced, next)
		e.path = e.path[:len(e.path)-1]
		e.used[d.group] = false
		if !more {
			return false
		}
	}
	return true
}

// take offers the base with the deviations taken.
func (e *enumerator) take() {
	copy(e.pick, e.base)
	for _, i := range e.path {
		e.pick[e.dev[i].group] = e.dev[i].opt
	}
	e.offer(e.pick)
}

// mix scrambles x (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
