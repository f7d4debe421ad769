package milp

import (
	"cmp"
	"math"
	"slices"
)

// item is a column of a knapsack read off a row: a·z with a > 0 and z in {0, 1}.
type item struct {
	col        int32
	a          float64
	complement bool    // z = hi - x instead of x - lo
	value      float64 // of z at the optimum of the relaxation
	lift       float64 // coefficient in the cut
}

// covers separates lifted cover inequalities from the rows of the model: not
// all items of a cover, which together exceed the capacity, can be chosen.
func (c *cutter) covers() (cuts []cut) {
	for i := range len(c.m.rows) {
		if i&63 == 0 && c.ctx.Err() != nil {
			break
		}
		for _, sign := range []float64{1, -1} {
			items, room, ok := c.knapsack(i, sign)
			if !ok {
				continue
			}
			if k, ok := c.cover(items, room); ok {
				cuts = append(cuts, k)
			}
		}
	}
	return cuts
}

// knapsack reads the upper (lower if sign is -1) side of row i as a knapsack of
// its binary columns; the others take their least part of the capacity. ok is
// false if that side, or a bound it needs, is infinite, or if nothing is fractional.
func (c *cutter) knapsack(i int, sign float64) (items []item, room float64, ok bool) {
	r := &c.rows[i]
	if room = r.Hi; sign < 0 {
		room = -r.Lo
	}
	if math.IsInf(room, 0) || len(r.Entries) < 3 {
		return nil, 0, false
	}
	for _, e := range r.Entries {
		a, lo, hi := sign*e.Val, c.rootLo[e.Col], c.rootHi[e.Col]
		least, _ := extremes(a, lo, hi)
		if math.IsInf(least, 0) {
			return nil, 0, false
		}
		room -= least
		if !c.isInteger(e.Col) || hi-lo != 1 {
			continue
		}
		it := item{col: e.Col, a: math.Abs(a), complement: a < 0, value: c.x[e.Col] - lo}
		if it.complement {
			it.value = hi - c.x[e.Col]
		}
		ok = ok || it.value > intTol && it.value < 1-intTol
		items = append(items, it)
	}
	return items, room, ok && len(items) > 1
}

// cover finds a minimal cover by the greedy method and lifts the other items
// (Balas 1975): one as heavy as the h heaviest of the cover counts as h of them.
func (c *cutter) cover(items []item, room float64) (cut, bool) {
	slices.SortFunc(items, func(x, y item) int {
		return cmp.Or(cmp.Compare((1-x.value)*y.a, (1-y.value)*x.a), cmp.Compare(x.col, y.col))
	})
	tol := 1e-6 * math.Max(1, math.Abs(room))
	n, weight := 0, 0.0
	for ; n < len(items) && weight <= room+tol; n++ {
		weight += items[n].a
	}
	if weight <= room+tol {
		return cut{}, false
	}
	inside := items[:n]
	slices.SortFunc(inside, func(x, y item) int {
		return cmp.Or(cmp.Compare(x.value, y.value), cmp.Compare(x.col, y.col))
	})
	for k := range inside { // 1: in the cover
		if inside[k].lift = 1; weight-inside[k].a > room+tol {
			inside[k].lift, weight = 0, weight-inside[k].a
		}
	}
	size := lift(items)
	left := 0.0
	for _, it := range items {
		left += it.lift * it.value
	}
	if left <= size-1+minEfficacy {
		return cut{}, false
	}
	return c.coverCut(items, size-1)
}

// lift gives the items outside of the cover their coefficients and returns the
// number of those inside.
func lift(items []item) (size float64) {
	var heavy []float64
	for _, it := range items {
		if it.lift == 1 {
			heavy = append(heavy, it.a)
		}
	}
	slices.SortFunc(heavy, func(x, y float64) int { return cmp.Compare(y, x) })
	for k := range items {
		it := &items[k]
		if it.lift == 1 {
			continue
		}
		sum := 0.0
		for _, a := range heavy {
			if sum += a; sum > it.a {
				break
			}
			it.lift++
		}
	}
	return float64(len(heavy))
}

// coverCut writes sum lift·z <= hi in terms of the columns.
func (c *cutter) coverCut(items []item, hi float64) (cut, bool) {
	defer c.clearCoef()
	for _, it := range items {
		switch {
		case it.lift == 0:
		case it.complement:
			c.addCoef(it.col, -it.lift)
			hi -= it.lift * c.rootHi[it.col]
		default:
			c.addCoef(it.col, it.lift)
			hi += it.lift * c.rootLo[it.col]
		}
	}
	return c.clean(hi)
}
