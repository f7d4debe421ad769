package milp

import (
	"cmp"
	"math"
	"slices"
)

// problem is a multiple-choice knapsack in int64: minimise the cost of one
// option per group subject to sum w <= cap for each of k knapsacks. Costs and
// weights are relative to the least of their group, so none is negative.
type problem struct {
	k     int
	start []int32 // options of group g: start[g] to start[g+1]
	ref   []int32 // position of each option in choice.groups[g]
	cost  []int64
	w     []int64 // weight of option j in knapsack i: w[j*k+i]
	cap   []int64
	div   []int64 // what the weights of each knapsack were divided by
	step  int64   // all costs are multiples of it

	knaps []int // knapsacks of the choice that are left
	base  int64 // what the costs are relative to
	exp   int   // a cost of one is 2^-exp in the objective

	gap    float64 // relative gap of the objective that is good enough
	offset float64 // constant of the objective, in costs
}

// grid rounds the costs of the columns, negated when maximising, to multiples
// of 2^-exp so that their absolute values add up to less than 2^61.
func (c *choice) grid() (cost []int64, exp int) {
	sum := 0.0
	for _, col := range c.m.cols {
		sum += math.Abs(col.cost)
	}
	if sum > 0 {
		_, e := math.Frexp(sum)
		exp = 60 - e
	}
	sign := 1.0
	if c.m.Maximize {
		sign = -1
	}
	cost = make([]int64, len(c.m.cols))
	for j, col := range c.m.cols {
		cost[j] = int64(math.RoundToEven(math.Ldexp(sign*col.cost, exp)))
	}
	return cost, exp
}

// protoOption is an option while the problem is being reduced.
type protoOption struct {
	ref  int32
	cost int64
	w    [MaxKnapsacks]int64
}

// reducer shrinks the groups before they are laid out as a problem.
type reducer struct {
	*pace
	k      int
	groups [][]protoOption
	cap    [MaxKnapsacks]int64
	knaps  []int
	base   int64
}

// reduce lays out the choice as a problem without the options that no optimal
// solution needs. It returns nil if some group has none left or the least
// weights exceed a capacity; then blame is the knapsack in whose own row that
// shows, or -1. The error is that of the context of pace.
func (c *choice) reduce(pace *pace) (p *problem, blame int, err error) {
	r := reducer{pace: pace, k: len(c.knaps)}
	for i := range c.knaps {
		r.knaps = append(r.knaps, i)
		r.cap[i] = c.knaps[i].cap
	}
	cost, exp := c.grid()
	n := r.load(c, cost)
	for first := true; ; first = false {
		if err := r.spend(2 * n); err != nil {
			return nil, -1, err
		}
		if i := r.shift(); i >= 0 {
			if !first {
				i = -1
			}
			return nil, i, nil
		}
		if !r.dropHeavy() {
			break
		}
	}
	for _, g := range r.groups {
		if len(g) == 0 {
			return nil, -1, nil
		}
	}
	for k := -1; k != r.k; {
		r.dropSlack()
		k = r.k
		for g := range r.groups {
			if r.groups[g], err = r.undominated(r.groups[g]); err != nil {
				return nil, -1, err
			}
		}
		r.dropSlack()
		if err := r.spend(2 * n); err != nil {
			return nil, -1, err
		}
	}
	p = r.layout()
	p.exp = exp
	return p, -1, r.spend(n)
}

// load makes an option of the reducer of each of c and returns their number.
func (r *reducer) load(c *choice, cost []int64) (n int) {
	for _, opts := range c.groups {
		n += len(opts)
	}
	all := make([]protoOption, 0, n)
	for _, opts := range c.groups {
		s := len(all)
		for i, o := range opts {
			q := protoOption{ref: int32(i)}
			for _, j := range o {
				q.cost += cost[j]
				for t := range c.knaps {
					q.w[t] += c.knaps[t].weight[j]
				}
			}
			all = append(all, q)
		}
		r.groups = append(r.groups, all[s:len(all):len(all)])
	}
	return n
}

// shift makes the least cost and weights of every group zero. It returns the
// first knapsack whose capacity becomes negative, or -1.
func (r *reducer) shift() int {
	for _, g := range r.groups {
		if len(g) == 0 {
			continue
		}
		least := g[0]
		for _, o := range g[1:] {
			least.cost = min(least.cost, o.cost)
			for i := range r.k {
				least.w[i] = min(least.w[i], o.w[i])
			}
		}
		r.base += least.cost
		for i := range r.k {
			r.cap[i] -= least.w[i]
		}
		for j := range g {
			g[j].cost -= least.cost
			for i := range r.k {
				g[j].w[i] -= least.w[i]
			}
		}
	}
	for i := range r.k {
		if r.cap[i] < 0 {
			return i
		}
	}
	return -1
}

// dropHeavy removes the options that exceed a capacity by themselves.
func (r *reducer) dropHeavy() (changed bool) {
	for t, g := range r.groups {
		kept := g[:0]
		for _, o := range g {
			fits := true
			for i := range r.k {
				fits = fits && o.w[i] <= r.cap[i]
			}
			if fits {
				kept = append(kept, o)
			}
		}
		changed = changed || len(kept) < len(g)
		r.groups[t] = kept
	}
	return changed
}

// dropSlack removes the knapsacks that even the heaviest options satisfy.
func (r *reducer) dropSlack() {
	var most [MaxKnapsacks]int64
	for _, g := range r.groups {
		var m [MaxKnapsacks]int64
		for _, o := range g {
			for i := range r.k {
				m[i] = max(m[i], o.w[i])
			}
		}
		for i := range r.k {
			most[i] += m[i]
		}
	}
	k := 0
	for i := range r.k {
		if most[i] <= r.cap[i] {
			continue
		}
		for _, g := range r.groups {
			for j := range g {
				g[j].w[k] = g[j].w[i]
			}
		}
		r.cap[k], r.knaps[k] = r.cap[i], r.knaps[i]
		k++
	}
	r.k, r.knaps = k, r.knaps[:k]
}

// undominated keeps the options of g that no other one matches in cost and all
// weights; of equal ones it keeps the first. The result is sorted by the
// weights, then cost.
func (r *reducer) undominated(g []protoOption) ([]protoOption, error) {
	slices.SortStableFunc(g, func(a, b protoOption) int {
		for i := range r.k {
			if c := cmp.Compare(a.w[i], b.w[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.cost, b.cost)
	})
	kept := g[:0]
	for _, o := range g { // whatever dominates o comes before it
		rivals := kept
		if r.k == 1 && len(kept) > 0 {
			rivals = kept[len(kept)-1:] // the cheapest so far
		}
		if err := r.spend(len(rivals)); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(rivals, func(a protoOption) bool { return a.dominates(&o, r.k) }) {
			kept = append(kept, o)
		}
	}
	return kept, nil
}

func (a *protoOption) dominates(b *protoOption, k int) bool {
	for i := range k {
		if a.w[i] > b.w[i] {
			return false
		}
	}
	return a.cost <= b.cost
}

// layout copies the groups into the arrays of a problem, dividing weights by
// their common divisor.
func (r *reducer) layout() *problem {
	p := &problem{k: r.k, knaps: r.knaps, cap: slices.Clone(r.cap[:r.k]), base: r.base,
		start: make([]int32, 1, len(r.groups)+1)}
	var div [MaxKnapsacks]int64
	for _, g := range r.groups {
		for _, o := range g {
			p.ref = append(p.ref, o.ref)
			p.cost = append(p.cost, o.cost)
			p.w = append(p.w, o.w[:r.k]...)
			p.step = gcd(p.step, o.cost)
			for i := range r.k {
				div[i] = gcd(div[i], o.w[i])
			}
		}
		p.start = append(p.start, int32(len(p.ref)))
	}
	for i := range p.w {
		p.w[i] /= div[i%r.k]
	}
	for i := range p.cap {
		p.cap[i] /= div[i]
	}
	p.div = div[:r.k]
	p.step = max(p.step, 1)
	return p
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// goal is the largest cost that improves enough on a solution of the given cost.
func (p *problem) goal(cost int64) int64 {
	tolerated := p.gap * math.Abs(float64(cost)+float64(p.base)+p.offset)
	return cost - max(p.step, int64(min(tolerated, maxActivity)))
}

// groups returns the number of groups.
func (p *problem) groups() int { return len(p.start) - 1 }
