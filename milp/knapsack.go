package milp

import (
	"context"
	"math"
)

// solve solves the choice and translates the answer back to the model.
func (c *choice) solve(ctx context.Context, o Options) Result {
	if c.contradiction {
		return c.infeasible(nil)
	}
	p, blame, err := c.reduce(&pace{ctx: ctx})
	if err != nil {
		return c.m.unknown()
	}
	if p == nil {
		var price []float64
		if blame >= 0 {
			price = make([]float64, len(c.knaps))
			price[blame] = 1
		}
		return c.infeasible(price)
	}
	p.gap, p.offset = o.Gap, math.Ldexp(c.m.Offset, p.exp)
	if c.m.Maximize {
		p.offset = -p.offset
	}
	var out outcome
	switch p.k {
	case 0:
		out = p.cheapest()
	case 1:
		out = solveCore(ctx, p, p.pick(c, o.Start))
	default:
		out = solveBranch(ctx, p, p.pick(c, o.Start), o.Nodes)
	}
	return c.result(ctx, p, out)
}

// cheapest solves a problem without knapsacks.
func (p *problem) cheapest() outcome {
	out := outcome{pick: make([]int32, p.groups()), proven: true}
	for g := range out.pick {
		best := p.start[g]
		for j := best + 1; j < p.start[g+1]; j++ {
			if p.cost[j] < p.cost[best] {
				best = j
			}
		}
		out.pick[g] = best
		out.cost += p.cost[best]
	}
	return out
}

// pick translates a solution of the model; nil if it is none, or takes an
// option that was found to be unnecessary.
func (p *problem) pick(c *choice, x []float64) []int32 {
	if len(x) != len(c.m.cols) {
		return nil
	}
	pick := make([]int32, p.groups())
	for g := range pick {
		pick[g] = -1
		size := -1 // the option of x is the largest whose columns are all 1
		for j := p.start[g]; j < p.start[g+1]; j++ {
			if o := c.groups[g][p.ref[j]]; len(o) > size && o.taken(x) {
				pick[g], size = j, len(o)
			}
		}
		if pick[g] < 0 {
			return nil
		}
	}
	return pick
}

// taken reports whether all columns of the option are 1 in x.
func (o option) taken(x []float64) bool {
	for _, j := range o {
		if math.Abs(x[j]-1) > 1e-6 {
			return false
		}
	}
	return true
}

// infeasible is the result of a choice without solutions. The prices of the
// knapsacks, if not nil, are its certificate where they prove it.
func (c *choice) infeasible(price []float64) Result {
	r := Result{Status: Infeasible, Objective: c.worst(), Bound: c.worst()}
	if price == nil {
		return r
	}
	if rows := c.rowPrices(price, 1); c.surrogate(rows) > 0 {
		r.Certificate = Certificate{Kind: Surrogate, Rows: rows, Bound: c.worst()}
	}
	return r
}

// worst is the objective of no solution at all.
func (c *choice) worst() float64 {
	if c.m.Maximize {
		return math.Inf(-1)
	}
	return math.Inf(1)
}

// rowPrices turns prices of the integer knapsacks into prices of the rows of
// the model; unit is what one price unit is worth.
func (c *choice) rowPrices(price []float64, unit float64) []float64 {
	rows := make([]float64, len(c.m.rows))
	for i, k := range c.knaps {
		rows[k.row] += price[i] * unit * k.scale
	}
	return rows
}

// result translates the outcome of p.
func (c *choice) result(ctx context.Context, p *problem, out outcome) Result {
	price := make([]float64, len(c.knaps))
	for i, t := range p.knaps {
		price[t] = out.price[i] / float64(p.div[i])
	}
	if out.proven && out.pick == nil {
		r := c.infeasible(price)
		r.Nodes, r.Iters = out.nodes, out.iters
		return r
	}
	rows := c.rowPrices(price, math.Ldexp(1, -p.exp))
	bound := c.lagrangian(p, rows)
	r := Result{Nodes: out.nodes, Iters: out.iters, Objective: c.worst(), Bound: bound,
		Certificate: Certificate{Kind: Lagrangian, Rows: rows, Bound: bound}}
	if out.pick != nil {
		r.X = c.solution(p, out.pick)
		r.Objective = c.m.Objective(r.X)
	}
	switch {
	case out.proven:
		r.Status, r.Bound = Optimal, c.within(r.Objective, bound, p.gap)
	case out.limited:
		r.Status = NodeLimit
	default:
		r.Status = TimeLimit
	}
	if !out.proven {
		r.Bound = c.searched(p, out.lower, r)
	}
	return r
}

// searched improves the bound of r by the part of the search that was
// completed: every solution better than the incumbent costs at least lower.
func (c *choice) searched(p *problem, lower float64, r Result) float64 {
	if lower <= 0 {
		return r.Bound
	}
	bound := math.Ldexp(lower+float64(p.base), -p.exp)
	if c.m.Maximize {
		return max(r.Objective, min(r.Bound, c.m.Offset-bound))
	}
	return min(r.Objective, max(r.Bound, c.m.Offset+bound))
}

// within is the bound of an objective proven to the relative gap: no worse
// than that of the certificate.
func (c *choice) within(obj, bound, gap float64) float64 {
	if c.m.Maximize {
		return max(obj, min(bound, obj+gap*math.Abs(obj)))
	}
	return min(obj, max(bound, obj-gap*math.Abs(obj)))
}

// solution returns the values of the columns for a choice.
func (c *choice) solution(p *problem, pick []int32) []float64 {
	x := make([]float64, len(c.m.cols))
	for g, j := range pick {
		for _, col := range c.groups[g][p.ref[j]] {
			x[col] = 1
		}
	}
	return x
}

// lagrangian returns the bound that the prices of the rows prove for the
// model: the least cost + price·(activity - capacity) over the options p has left.
func (c *choice) lagrangian(p *problem, rows []float64) float64 {
	price := make([]float64, p.k)
	var sum neumaier
	for i, t := range p.knaps {
		k := &c.knaps[t]
		price[i] = max(0, math.Ldexp(rows[k.row]/k.scale*float64(p.div[i]), p.exp))
		sum.add(-price[i] * float64(p.cap[i]))
	}
	for g := range p.groups() {
		least := math.Inf(1)
		for j := p.start[g]; j < p.start[g+1]; j++ {
			v := float64(p.cost[j])
			for i, y := range price {
				v += y * float64(p.w[int(j)*p.k+i])
			}
			least = min(least, v)
		}
		sum.add(least)
	}
	bound := math.Ldexp(sum.sum()+float64(p.base), -p.exp)
	if c.m.Maximize {
		bound = -bound
	}
	return c.m.Offset + bound
}

// surrogate returns the least sum of price·(activity - side) over all choices.
func (c *choice) surrogate(rows []float64) float64 {
	weight := make([]float64, len(c.m.cols))
	var sum neumaier
	for i, y := range rows {
		if y == 0 {
			continue
		}
		cols, a := c.m.entries(Row(i))
		for t, col := range cols {
			weight[col] += y * a[t]
		}
		side := c.m.rows[i].hi
		if y < 0 {
			side = c.m.rows[i].lo
		}
		sum.add(-y * side)
	}
	for _, opts := range c.groups {
		least := math.Inf(1)
		for _, o := range opts {
			v := 0.0
			for _, j := range o {
				v += weight[j]
			}
			least = min(least, v)
		}
		sum.add(least)
	}
	return sum.sum()
}
