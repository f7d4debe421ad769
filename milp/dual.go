package milp

import "math"

// dual is the result of maximising the Lagrangian dual of a subproblem.
type dual struct {
	price []float64
	bound float64 // proven, rounding errors allowed for; in costUnit
}

const (
	masterSize  = MaxKnapsacks + 1
	rootRounds  = 400
	nodeRounds  = 40
	priceSpread = 1.0 / 64 // relative distance of the prices tried around those of the parent
)

// dual maximises L(y) = sum over groups of min(cost + y·w) - y·room over y >= 0
// by column generation (Dantzig-Wolfe): a master problem of one row per knapsack
// and one convexity row combines the choices seen so far, its duals are the
// next y. Every y gives a valid bound; the best is returned.
func (b *brancher) dual(s *subproblem, price []float64, root bool) dual {
	m := newMaster(b.k, 4)
	d := dual{price: append([]float64(nil), price...), bound: math.Inf(-1)}
	y := append([]float64(nil), price...)
	rounds := nodeRounds
	try := func() (float64, point) {
		b.iters++
		v, pt := b.relax(s, y)
		if v > d.bound {
			d.bound = v
			copy(d.price, y)
		}
		return v, pt
	}
	if root {
		rounds = rootRounds
	} else { // start around the parent's prices
		v, pt := try()
		if v > b.target() {
			return d
		}
		m.enter(pt.col, pt.cost)
		for i := range y {
			for _, f := range []float64{1 + priceSpread, 1 - priceSpread} {
				copy(y, price)
				y[i] *= f
				_, pt := try()
				m.enter(pt.col, pt.cost)
			}
		}
	}
	for range rounds {
		theta := m.prices(y)
		v, pt := try()
		if len(s.groups) > manyGroups && b.ctx.Err() != nil {
			break
		}
		tol := 1e-12 + 1e-3*(b.target()-d.bound)
		if root { // the whole search rests on these prices
			tol = 1e-15
		}
		if d.bound > b.target() || theta-v <= tol {
			break
		}
		if !m.enter(pt.col, pt.cost) {
			break
		}
	}
	return d
}

// point is a choice seen by the master: weights above the room, and cost.
type point struct {
	col  [masterSize]float64
	cost float64
}

// relax minimises over every group for prices y. It returns a proven lower
// bound and the minimising choice, which it offers as an incumbent if feasible.
func (b *brancher) relax(s *subproblem, y []float64) (float64, point) {
	var pt point
	pt.cost = s.cost
	for i := range b.k {
		pt.col[i] = -s.room[i]
	}
	pt.col[b.k] = 1
	sum := s.cost
	for i := range s.groups {
		opts := s.opts[s.start[i]:s.start[i+1]]
		best, least := opts[0], math.Inf(1)
		for _, j := range opts {
			if v := b.reduced(j, y); v < least {
				best, least = j, v
			}
		}
		sum += least
		pt.cost += b.cost[best]
		for t := range b.k {
			pt.col[t] += b.w[int(best)*b.k+t]
		}
		b.trial[i] = best
	}
	size := sum
	feasible := true
	for i, v := range y {
		sum -= v * s.room[i]
		size += v * math.Abs(s.room[i])
		feasible = feasible && pt.col[i] <= 1e-9
	}
	if feasible && pt.cost <= b.target()+1e-9 {
		for i, g := range s.groups {
			b.pick[g] = b.trial[i]
		}
		b.offer(b.pick)
	}
	return sum - float64(len(s.groups)+b.groups()+16)*0x1p-52*(size+1e-300), pt
}

// master is a linear program of k+1 rows kept as an explicit inverse:
// min cost·x, sum of columns·x + slacks = 0 in the first k rows, sum x = 1 in the last.
type master struct {
	n    int // rows
	inv  [masterSize][masterSize]float64
	cost [masterSize]float64
	x    [masterSize]float64
}

// newMaster starts with the slacks and one artificial point of the given cost.
func newMaster(k int, big float64) *master {
	m := &master{n: k + 1}
	for i := range m.n {
		m.inv[i][i] = 1
	}
	m.cost[k] = big
	m.x[k] = 1
	return m
}

// prices sets y to the duals of the knapsack rows, letting slacks in while one
// is negative, and returns the dual of the convexity row: the optimum over the points seen.
func (m *master) prices(y []float64) float64 {
	k := m.n - 1
	for range 4 * masterSize {
		var dual [masterSize]float64
		for r := range m.n {
			for i := range m.n {
				dual[i] += m.cost[r] * m.inv[r][i]
			}
		}
		low := 0
		for i := range k {
			y[i] = max(0, -dual[i])
			if dual[i] > dual[low] {
				low = i
			}
		}
		if dual[low] <= 1e-12 {
			return dual[k]
		}
		var slack [masterSize]float64
		slack[low] = 1
		if !m.enter(slack, 0) {
			return dual[k]
		}
	}
	return math.Inf(1)
}

// enter makes the column basic if its reduced cost is negative. It returns
// false if that changes nothing.
func (m *master) enter(col [masterSize]float64, cost float64) bool {
	reduced := cost
	var dir [masterSize]float64
	for r := range m.n {
		for i := range m.n {
			dir[r] += m.inv[r][i] * col[i]
		}
		reduced -= m.cost[r] * dir[r]
	}
	if reduced >= 0 {
		return false
	}
	leave, ratio := -1, math.Inf(1)
	for r := range m.n {
		if dir[r] > 1e-11 {
			if q := m.x[r] / dir[r]; q < ratio {
				leave, ratio = r, q
			}
		}
	}
	if leave < 0 {
		return false
	}
	m.pivot(leave, dir, ratio)
	m.cost[leave] = cost
	return true
}

func (m *master) pivot(leave int, dir [masterSize]float64, step float64) {
	for i := range m.n {
		m.inv[leave][i] /= dir[leave]
	}
	for r := range m.n {
		if r == leave {
			continue
		}
		m.x[r] = max(0, m.x[r]-step*dir[r])
		for i := range m.n {
			m.inv[r][i] -= dir[r] * m.inv[leave][i]
		}
	}
	m.x[leave] = step
}
