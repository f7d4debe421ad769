package milp

import (
	"context"
	"math"
)

// solveBranch solves a problem with several knapsacks by depth-first branch and
// bound on the Lagrangian dual of the knapsacks, which has one multiplier each
// and the value of the linear relaxation. At every node the options whose
// reduced cost exceeds what the incumbent allows are removed; a node branches on
// the options of a group that the relaxation splits.
//
// Costs and weights are float64 here, normalised to be at most about one, but
// every comparison that removes something allows for the rounding errors, and
// solutions are evaluated in int64.
func solveBranch(ctx context.Context, p *problem, start []int32, nodeLimit int64) outcome {
	b := newBrancher(ctx, p, nodeLimit)
	b.offer(b.lightest())
	b.offer(start)
	done := b.run()
	out := outcome{pick: b.best, cost: b.bestCost, proven: done, nodes: b.nodes, iters: b.iters, price: b.rootPrice}
	out.limited = b.limited
	if b.proven > 0 {
		out.lower = (b.proven - 1e-12) * b.costUnit // less the rounding errors of a few reduced costs
	}
	for i := range out.price {
		out.price[i] *= b.costUnit / b.weightUnit[i]
	}
	return out
}

type brancher struct {
	*problem
	ctx        context.Context
	cost       []float64 // by option, in costUnit
	w          []float64 // by option and knapsack, in weightUnit
	cap        []float64
	costUnit   float64
	weightUnit []float64

	pick      []int32 // option of every group that the current node has fixed
	best      []int32
	bestCost  int64
	goal      int64 // largest cost that would improve on it
	nodes     int64
	iters     int64
	nodeLimit int64
	stopAt    int64 // the node at which the current search ends
	limited   bool
	rootPrice []float64
	proven    float64       // bound on every improvement, in costUnit
	levels    []*subproblem // storage by depth
	trial     []int32
}

// subproblem is a node: the groups with more than one option left.
type subproblem struct {
	groups []int32
	start  []int32 // options of groups[i]: opts[start[i]:start[i+1]]
	opts   []int32
	cost   float64   // of the fixed groups
	room   []float64 // capacity the fixed groups leave
}

func newBrancher(ctx context.Context, p *problem, nodeLimit int64) *brancher {
	b := &brancher{problem: p, ctx: ctx, nodeLimit: nodeLimit, pick: make([]int32, p.groups()), trial: make([]int32, p.groups())}
	var total int64
	for g := range p.groups() {
		most := int64(0)
		for j := p.start[g]; j < p.start[g+1]; j++ {
			most = max(most, p.cost[j])
		}
		total += most
	}
	b.bestCost = total + p.step // more than any solution costs
	b.goal = b.bestCost - p.step
	b.costUnit = math.Max(float64(total), 1)
	b.cost = make([]float64, len(p.cost))
	for j, c := range p.cost {
		b.cost[j] = float64(c) / b.costUnit
	}
	b.weightUnit = make([]float64, p.k)
	b.cap = make([]float64, p.k)
	for i, c := range p.cap {
		b.weightUnit[i] = math.Max(float64(c), 1)
		b.cap[i] = float64(c) / b.weightUnit[i]
	}
	b.w = make([]float64, len(p.w))
	for j, w := range p.w {
		b.w[j] = float64(w) / b.weightUnit[j%p.k]
	}
	return b
}

// lightest takes the option of every group that uses the least of the
// capacities together: the one solution that is known when the context ends early.
func (b *brancher) lightest() []int32 {
	pick := make([]int32, b.groups())
	ones := make([]float64, b.k)
	for i := range ones {
		ones[i] = 1
	}
	for g := range pick {
		least := math.Inf(1)
		for j := b.start[g]; j < b.start[g+1]; j++ {
			if v := b.reduced(j, ones) - b.cost[j]; v < least {
				pick[g], least = j, v
			}
		}
	}
	return pick
}

// manyGroups is the size from which a node takes so long that the context is
// looked at in each.
const manyGroups = 200

// The two exact searches race, with growing budgets.
const (
	firstSets  = 100_000
	firstNodes = 2_000
	raceGrowth = 16
	maxStride  = 16
)

// run alternates between enumerating what the bound leaves and branching, each
// from the start but with the incumbent of the other: which of them is faster
// depends on how many options are nearly tied, and by far.
func (b *brancher) run() bool {
	s := b.root()
	d := b.dual(s, make([]float64, b.k), true)
	b.rootPrice = d.price
	if d.bound > b.target() {
		return true
	}
	t := b.tighten(s, &d, 1)
	if t == nil {
		return true
	}
	for sets, nodes := int64(firstSets), int64(firstNodes); ; sets, nodes = sets*raceGrowth, nodes*raceGrowth {
		if b.ctx.Err() != nil {
			return false
		}
		for stride := uint64(maxStride); stride > 1 && len(t.groups) > manyGroups; stride /= 2 {
			b.enumerate(t, &d, sets/8, stride)
		}
		if b.enumerate(t, &d, sets, 1) {
			return true
		}
		nodes := nodes * manyGroups / max(manyGroups, int64(len(t.groups)))
		b.limited = b.nodeLimit > 0 && b.nodes+nodes >= b.nodeLimit
		b.stopAt = b.nodes + nodes
		if b.limited {
			b.stopAt = b.nodeLimit
		}
		if t = b.tighten(b.root(), &d, 1); t == nil || b.explore(t, d.price, 1) {
			b.limited = false
			return true
		}
		if b.limited || b.ctx.Err() != nil {
			return false
		}
	}
}

// offer takes a choice as the incumbent if it is feasible and better.
func (b *brancher) offer(pick []int32) {
	if pick == nil {
		return
	}
	if cost, ok := b.evaluate(pick); ok && cost < b.bestCost {
		b.best, b.bestCost, b.goal = append(b.best[:0], pick...), cost, b.problem.goal(cost)
	}
}

// target is the largest cost that would be an improvement, in costUnit.
func (b *brancher) target() float64 { return float64(b.goal) / b.costUnit }

func (b *brancher) root() *subproblem {
	s := b.level(0)
	s.start = append(s.start, 0)
	s.room = append(s.room, b.cap...)
	for g := range b.pick {
		b.addGroup(s, int32(g), func(yield func(int32) bool) {
			for j := b.problem.start[g]; j < b.problem.start[g+1] && yield(j); j++ {
			}
		})
	}
	return s
}

func (b *brancher) level(depth int) *subproblem {
	for len(b.levels) <= depth {
		b.levels = append(b.levels, &subproblem{})
	}
	s := b.levels[depth]
	*s = subproblem{groups: s.groups[:0], start: s.start[:0], opts: s.opts[:0], room: s.room[:0]}
	return s
}

// addGroup appends a group with the given options to s, fixing it if there is only one.
func (b *brancher) addGroup(s *subproblem, g int32, opts func(func(int32) bool)) {
	n := len(s.opts)
	for j := range opts {
		s.opts = append(s.opts, j)
	}
	if len(s.opts) == n+1 {
		b.fix(s, g, s.opts[n])
		s.opts = s.opts[:n]
		return
	}
	s.groups = append(s.groups, g)
	s.start = append(s.start, int32(len(s.opts)))
}

func (b *brancher) fix(s *subproblem, g, j int32) {
	b.pick[g] = j
	s.cost += b.cost[j]
	for i := range b.k {
		s.room[i] -= b.w[int(j)*b.k+i]
	}
}

// explore searches the node s and everything below it. It returns false if it was stopped.
func (b *brancher) explore(s *subproblem, price []float64, depth int) bool {
	b.nodes++
	if b.nodes > b.stopAt {
		return false
	}
	if (b.nodes&63 == 0 || len(s.groups) > manyGroups) && b.ctx.Err() != nil {
		return false
	}
	d := b.dual(s, price, false)
	if d.bound > b.target() {
		return true
	}
	t := b.tighten(s, &d, depth+1)
	if t == nil {
		return true
	}
	if len(t.groups) == 0 {
		b.offer(b.pick)
		return true
	}
	at, order := b.split(t, &d)
	for _, j := range order {
		child := b.child(t, at, j, depth+2)
		if !b.explore(child, d.price, depth+2) {
			return false
		}
	}
	return true
}

// tighten copies s without the options that cannot be part of an improvement;
// nil if a group has none left.
func (b *brancher) tighten(s *subproblem, d *dual, depth int) *subproblem {
	t := b.level(depth)
	t.start = append(t.start, 0)
	t.cost = s.cost
	t.room = append(t.room, s.room...)
	limit := b.target() - d.bound
	for _, y := range d.price {
		limit += 0x1p-48 * (1 + y) // rounding of the reduced costs
	}
	for i, g := range s.groups {
		opts := s.opts[s.start[i]:s.start[i+1]]
		least := math.Inf(1)
		for _, j := range opts {
			least = min(least, b.reduced(j, d.price))
		}
		n := len(t.opts)
		b.addGroup(t, g, func(yield func(int32) bool) {
			for _, j := range opts {
				if b.reduced(j, d.price)-least <= limit && !yield(j) {
					return
				}
			}
		})
		if len(t.opts) == n && len(t.groups) > 0 && t.groups[len(t.groups)-1] == g {
			return nil
		}
	}
	return t
}

// reduced returns cost plus priced weight of option j.
func (b *brancher) reduced(j int32, price []float64) float64 {
	v := b.cost[j]
	for i, y := range price {
		v += y * b.w[int(j)*b.k+i]
	}
	return v
}

// split chooses the group to branch on, and the order of its options: among
// the groups closest to a tie, as many as the relaxation can split, the one
// whose tie moves the most weight.
func (b *brancher) split(s *subproblem, d *dual) (at int, order []int32) {
	type candidate struct {
		at           int
		regret, size float64
	}
	var near [MaxKnapsacks]candidate
	n := 0
	for i := range s.groups {
		c := candidate{at: i}
		c.regret, c.size = b.tie(s.opts[s.start[i]:s.start[i+1]], d.price)
		pos := n
		for pos > 0 && near[pos-1].regret > c.regret {
			pos--
		}
		if pos == b.k {
			continue
		}
		n = min(n+1, b.k)
		copy(near[pos+1:n], near[pos:])
		near[pos] = c
	}
	pickAt := near[0]
	for _, c := range near[1:n] {
		if c.size > pickAt.size {
			pickAt = c
		}
	}
	opts := s.opts[s.start[pickAt.at]:s.start[pickAt.at+1]]
	order = append(order, opts...)
	for i := 1; i < len(order); i++ {
		for t := i; t > 0 && b.reduced(order[t], d.price) < b.reduced(order[t-1], d.price); t-- {
			order[t], order[t-1] = order[t-1], order[t]
		}
	}
	return pickAt.at, order
}

// tie returns how far the second-best option is from the best, and the priced
// weight between them.
func (b *brancher) tie(opts []int32, price []float64) (regret, size float64) {
	first, second := math.Inf(1), math.Inf(1)
	var jf, js int32
	for _, j := range opts {
		switch v := b.reduced(j, price); {
		case v < first:
			second, js = first, jf
			first, jf = v, j
		case v < second:
			second, js = v, j
		}
	}
	for i, y := range price {
		size += y * math.Abs(b.w[int(jf)*b.k+i]-b.w[int(js)*b.k+i])
	}
	return second - first, size
}

// child copies s with group number at fixed to option j.
func (b *brancher) child(s *subproblem, at int, j int32, depth int) *subproblem {
	t := b.level(depth)
	t.cost = s.cost
	t.room = append(t.room, s.room...)
	t.groups = append(append(t.groups, s.groups[:at]...), s.groups[at+1:]...)
	lo, hi := s.start[at], s.start[at+1]
	t.opts = append(append(t.opts, s.opts[:lo]...), s.opts[hi:]...)
	t.start = append(t.start, s.start[:at+1]...)
	for _, v := range s.start[at+2:] {
		t.start = append(t.start, v-(hi-lo))
	}
	b.fix(t, s.groups[at], j)
	return t
}
