package milp

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A search returns the best choice of a problem: one option (an index into
// problem.cost) per group, nil if there is none, and whether that is proven.
type outcome struct {
	pick    []int32
	cost    int64
	proven  bool
	price   []float64 // one multiplier >= 0 per knapsack of the problem, for the certificate
	limited bool      // ended by the limit of nodes
	lower   float64   // proven cost of every better solution, if positive
	nodes   int64
	iters   int64
}

// solveCore solves a problem with one knapsack by dynamic programming over a
// core (Pisinger, "A minimal algorithm for the multiple-choice knapsack
// problem", EJOR 83, 1995): start from the greedy solution of the linear
// relaxation, add groups in the order of how little it costs to change them,
// and keep a list of undominated (weight, cost) states, each only as long as the
// groups not yet added could still complete it to something better than the
// incumbent. When the list is empty the incumbent is optimal.
func solveCore(ctx context.Context, p *problem, start []int32) outcome {
	c := newCore(ctx, p)
	c.offer(start)
	c.run(ctx)
	return outcome{pick: c.best, cost: c.bestCost, proven: c.proven, price: []float64{c.price.float()}, nodes: c.nodes}
}

type core struct {
	*problem
	price    ratio   // multiplier of the capacity: slope of the break increment
	greedy   []int32 // break solution: option per group, feasible
	cost0    int64   // its cost and weight
	w0       int64
	best     []int32
	bestCost int64
	goal     int64 // largest cost that would improve on it
	proven   bool
	nodes    int64

	order  []int32 // groups by how close their slopes are to price
	up, dn []ratio // by position in order: best gain, least loss per weight of the groups from there on

	opts         []int32
	states, next []coreState
	trail        []coreStep
}

// coreState is a partial solution: the core groups decided, all others as in greedy.
type coreState struct {
	w, cost int64
	trail   int32 // last step of its history, -1 if none
	opt     int32 // option just taken, -1 if the step is recorded in trail
}

// coreStep records that an option was taken instead of the greedy one.
type coreStep struct{ prev, opt int32 }

// newCore starts with the greedy solution; if the context ends before that is
// complete, with whatever fits.
func newCore(ctx context.Context, p *problem) *core {
	c := &core{problem: p, price: ratio{0, 1}, greedy: make([]int32, p.groups())}
	for g := range c.greedy {
		c.greedy[g] = p.start[g] // options are sorted by weight, the first weighs nothing
		c.cost0 += p.cost[p.start[g]]
	}
	c.fill(ctx, c.increments(ctx))
	if ctx.Err() == nil {
		c.sortGroups()
	}
	return c
}

// increment is an edge of the convex hull of a group: pay weight to save cost.
type increment struct {
	slope    ratio
	from, to int32 // options
	group    int32
}

// increments returns the hull edges of the groups; of none when the context has ended.
func (c *core) increments(ctx context.Context) []increment {
	if ctx.Err() != nil {
		return nil
	}
	inc := make([]increment, 0, len(c.problem.cost)-c.groups())
	hull := make([]int32, 0, 16)
	for g := range c.greedy {
		hull = hull[:0]
		for j := c.start[g]; j < c.start[g+1]; j++ {
			for len(hull) > 1 && c.slope(hull[len(hull)-2], hull[len(hull)-1]).compare(c.slope(hull[len(hull)-1], j)) <= 0 {
				hull = hull[:len(hull)-1]
			}
			hull = append(hull, j)
		}
		for i := 1; i < len(hull); i++ {
			inc = append(inc, increment{c.slope(hull[i-1], hull[i]), hull[i-1], hull[i], int32(g)})
		}
	}
	return inc
}

// before orders increments: the best first.
func (a increment) before(b increment) int {
	return cmp.Or(b.slope.compare(a.slope), cmp.Compare(a.from, b.from))
}

// slope returns the cost saved per weight when going from option a to the heavier b.
func (c *core) slope(a, b int32) ratio {
	return ratio{c.problem.cost[a] - c.problem.cost[b], c.w[b] - c.w[a]}
}

// breakSize is the number of increments around the break that are sorted.
const breakSize = 64

// greedyFill is a choice that grows by increments.
type greedyFill struct {
	pick    []int32
	cost, w int64
}

// fill applies the increments, the best first. The state at the first that does
// not fit is the break solution; what fits afterwards makes the first incumbent.
func (c *core) fill(ctx context.Context, inc []increment) {
	f := greedyFill{slices.Clone(c.greedy), c.cost0, 0}
	inc, near := c.fillBulk(ctx, &f, inc)
	slices.SortFunc(inc[:min(near, breakSize)], increment.before)
	broken := false
	stop := func() {
		broken = true
		c.cost0, c.w0 = f.cost, f.w
		copy(c.greedy, f.pick)
	}
	for _, e := range inc {
		if f.pick[e.group] != e.from {
			continue
		}
		dc, dw := c.change(e)
		if f.w+dw <= c.cap[0] {
			f.cost, f.w, f.pick[e.group] = f.cost+dc, f.w+dw, e.to
		} else if !broken {
			c.price = e.slope
			stop()
		}
	}
	if !broken {
		stop()
	}
	c.best, c.bestCost, c.goal = f.pick, f.cost, c.problem.goal(f.cost)
}

// change returns what an increment adds to cost and weight.
func (c *core) change(e increment) (cost, w int64) {
	return c.problem.cost[e.to] - c.problem.cost[e.from], c.w[e.to] - c.w[e.from]
}

// fillBulk applies most increments before the break without sorting them: it
// halves what may hold the break by partitions, as Quickselect does. The break is
// among the first near of the rest, not more than breakSize unless the context ended.
func (c *core) fillBulk(ctx context.Context, f *greedyFill, inc []increment) (rest []increment, near int) {
	near = len(inc)
	for near > breakSize && ctx.Err() == nil {
		mid := partition(inc[:near])
		cost, w := f.cost, f.w
		for _, e := range inc[:mid] {
			dc, dw := c.change(e)
			cost, w = cost+dc, w+dw
		}
		if w > c.cap[0] {
			near = mid
			continue
		}
		f.cost, f.w = cost, w
		for _, e := range inc[:mid] { // those of a group in any order
			f.pick[e.group] = max(f.pick[e.group], e.to)
		}
		inc, near = inc[mid:], near-mid
	}
	return inc, near
}

// partition moves the increments before the median of three to the front and
// returns how many there are: some, but not all, of three or more.
func partition(inc []increment) int {
	pivot := [3]increment{inc[0], inc[len(inc)/2], inc[len(inc)-1]}
	slices.SortFunc(pivot[:], increment.before)
	n := 0
	for i := range inc {
		if inc[i].before(pivot[1]) < 0 {
			inc[n], inc[i] = inc[i], inc[n]
			n++
		}
	}
	return n
}

// sortGroups orders the groups by the distance of their nearest slope from the
// price and takes suffix extrema of the slopes.
func (c *core) sortGroups() {
	n := c.groups()
	type slopes struct {
		up, dn ratio
		key    float64
	}
	price := c.price.float()
	s := make([]slopes, n)
	c.order = make([]int32, n)
	for g := range s {
		up, dn := ratio{0, 1}, ratio{1, 0}
		b := c.greedy[g]
		for j := c.start[g]; j < b; j++ {
			if v := c.slope(j, b); v.compare(dn) < 0 {
				dn = v
			}
		}
		for j := b + 1; j < c.start[g+1]; j++ {
			if v := c.slope(b, j); v.compare(up) > 0 {
				up = v
			}
		}
		s[g] = slopes{up, dn, min(price-up.float(), dn.float()-price)}
		c.order[g] = int32(g)
	}
	slices.SortFunc(c.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s[a].key, s[b].key), cmp.Compare(a, b))
	})
	c.up, c.dn = make([]ratio, n+1), make([]ratio, n+1)
	c.up[n], c.dn[n] = ratio{0, 1}, ratio{1, 0}
	for i := n - 1; i >= 0; i-- {
		c.up[i], c.dn[i] = c.up[i+1], c.dn[i+1]
		if v := s[c.order[i]].up; v.compare(c.up[i]) > 0 {
			c.up[i] = v
		}
		if v := s[c.order[i]].dn; v.compare(c.dn[i]) < 0 {
			c.dn[i] = v
		}
	}
}

// offer takes a choice as the incumbent if it is feasible and better.
func (c *core) offer(pick []int32) {
	if pick == nil {
		return
	}
	if cost, ok := c.evaluate(pick); ok && cost < c.bestCost {
		c.best, c.bestCost, c.goal = slices.Clone(pick), cost, c.problem.goal(cost)
	}
}

// run expands the core until no state is left.
func (c *core) run(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	c.states = append(c.states, coreState{w: c.w0, cost: c.cost0, trail: -1, opt: -1})
	for i, g := range c.order {
		if len(c.states) == 0 || !c.fruitful(0, 0) {
			break
		}
		opts := c.worthwhile(g)
		if len(opts) == 0 && i+1 < len(c.order) {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		c.expand(c.greedy[g], opts)
		if !c.prune(ctx, i+1) {
			return
		}
	}
	c.proven = true
}

// fruitful reports whether a change of the greedy solution by dc in cost and dw
// in weight can be part of a solution better than the incumbent. With the price
// as multiplier every other change costs at least nothing, so such a solution costs
// at least cost0 + dc - price·(cap - w0 - dw).
func (c *core) fruitful(dc, dw int64) bool {
	return compareProducts(dc-(c.goal-c.cost0), c.price.den, c.price.num, c.cap[0]-c.w0-dw) <= 0
}

// worthwhile returns the options of g, other than the greedy one, that a
// better solution may contain.
func (c *core) worthwhile(g int32) []int32 {
	c.opts = c.opts[:0]
	b := c.greedy[g]
	for j := c.start[g]; j < c.start[g+1]; j++ {
		if j != b && c.fruitful(c.problem.cost[j]-c.problem.cost[b], c.w[j]-c.w[b]) {
			c.opts = append(c.opts, j)
		}
	}
	return c.opts
}

// expand merges the states with those in which one of opts replaces b.
func (c *core) expand(b int32, opts []int32) {
	all := slices.Clone(c.states)
	for _, j := range opts {
		dw, dc := c.w[j]-c.w[b], c.problem.cost[j]-c.problem.cost[b]
		c.next = c.next[:0]
		a := 0
		for _, s := range c.states {
			s.w += dw
			s.cost += dc
			s.opt = j
			for a < len(all) && (all[a].w < s.w || all[a].w == s.w && all[a].cost <= s.cost) {
				c.next = append(c.next, all[a])
				a++
			}
			c.next = append(c.next, s)
		}
		c.next = append(c.next, all[a:]...)
		all, c.next = c.next, all
	}
	c.states = all
}

// prune keeps the undominated states that the groups from position i on can
// complete to a better solution, after taking the best feasible one as the
// incumbent. It returns false if the context ended.
func (c *core) prune(ctx context.Context, i int) bool {
	c.nodes += int64(len(c.states))
	c.takeBest()
	kept := c.states[:0]
	least := int64(math.MaxInt64)
	for _, s := range c.states {
		if s.cost >= least {
			continue
		}
		least = s.cost
		if c.hopeless(s, i) {
			continue
		}
		if s.opt >= 0 {
			c.trail = append(c.trail, coreStep{s.trail, s.opt})
			s.trail, s.opt = int32(len(c.trail)-1), -1
		}
		kept = append(kept, s)
	}
	c.states = kept
	return ctx.Err() == nil
}

// hopeless reports whether the groups from position i on cannot complete s to
// a solution better than the incumbent.
func (c *core) hopeless(s coreState, i int) bool {
	excess := s.cost - c.goal
	if s.w <= c.cap[0] {
		return compareProducts(excess, c.up[i].den, c.up[i].num, c.cap[0]-s.w) > 0
	}
	return compareProducts(c.dn[i].num, s.w-c.cap[0], -excess, c.dn[i].den) > 0
}

// takeBest makes the cheapest feasible state the incumbent if it is better.
func (c *core) takeBest() {
	var best *coreState
	for i := range c.states {
		s := &c.states[i]
		if s.w > c.cap[0] {
			break
		}
		if best == nil || s.cost < best.cost {
			best = s
		}
	}
	if best == nil || best.cost >= c.bestCost {
		return
	}
	c.bestCost, c.goal = best.cost, c.problem.goal(best.cost)
	copy(c.best, c.greedy)
	if best.opt >= 0 {
		c.set(best.opt)
	}
	for t := best.trail; t >= 0; t = c.trail[t].prev {
		c.set(c.trail[t].opt)
	}
}

// set makes option j the one of its group in the incumbent.
func (c *core) set(j int32) {
	g, found := slices.BinarySearch(c.start, j)
	if !found {
		g--
	}
	c.best[g] = j
}

// evaluate returns the cost of a choice and whether it fits, in int64.
func (p *problem) evaluate(pick []int32) (cost int64, ok bool) {
	var w [MaxKnapsacks]int64
	for _, j := range pick {
		cost += p.cost[j]
		for i := range p.k {
			w[i] += p.w[int(j)*p.k+i]
		}
	}
	for i := range p.k {
		if w[i] > p.cap[i] {
			return 0, false
		}
	}
	return cost, true
}
