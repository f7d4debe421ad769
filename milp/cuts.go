package milp

import (
	"cmp"
	"math"
	"slices"

	"mixq/milp/internal/lp"
)

// Limits of cut separation at the root.
const (
	cutRounds     = 30
	stallRounds   = 4    // rounds without progress after which separation ends
	maxAggregated = 5    // rows combined by the mixed-integer rounding heuristic
	minEfficacy   = 1e-4 // distance of the relaxation's optimum from a cut, relative to its length
	maxParallel   = 0.95 // cosine between two cuts of a round
	maxDynamism   = 1e6  // ratio of the coefficients of a cut
	minFraction   = 0.01 // of the right-hand side, for a stable cut
)

// cutter separates mixed-integer rounding cuts from combinations of the rows of
// the relaxation (Marchand and Wolsey 2001); a combination that is a row of the
// simplex tableau gives the Gomory mixed-integer cut.
type cutter struct {
	*tree
	rows     []lp.Row // of the relaxation, cuts included
	integral []bool   // by row: its activity is an integer in every solution
	upper    []varBound
	lower    []varBound
	coef     []float64 // scratch by column
	used     []int32   // columns with a coefficient
	isUsed   []bool
}

// varBound is x <= con + slope·x[col] (or >=), with an integer column; col is -1 if there is none.
type varBound struct {
	col        int32
	slope, con float64
}

// weighted is a row of the relaxation with a multiplier.
type weighted struct {
	row int
	w   float64
}

// cut is the inequality sum of entries <= hi.
type cut struct {
	lp.Row
	efficacy float64
}

func newCutter(t *tree) *cutter {
	n := len(t.m.cols)
	c := &cutter{tree: t, rows: t.m.relaxation().Rows, coef: make([]float64, n), isUsed: make([]bool, n)}
	for i := range c.rows {
		c.integral = append(c.integral, t.integralRow(Row(i)))
	}
	c.findVarBounds()
	return c
}

// integralRow reports whether row i has only integer columns and coefficients.
func (t *tree) integralRow(i Row) bool {
	cols, a := t.m.entries(i)
	for k, j := range cols {
		c := &t.m.cols[j]
		if !c.integer || c.semi || a[k] != math.Round(a[k]) {
			return false
		}
	}
	return true
}

// findVarBounds collects rows of one continuous and one integer column.
func (c *cutter) findVarBounds() {
	n := len(c.m.cols)
	c.upper, c.lower = make([]varBound, n), make([]varBound, n)
	for j := range n {
		c.upper[j].col, c.lower[j].col = -1, -1
	}
	for _, r := range c.rows {
		if len(r.Entries) != 2 {
			continue
		}
		x, y := r.Entries[0], r.Entries[1]
		if c.m.cols[x.Col].integer {
			x, y = y, x
		}
		if c.m.cols[x.Col].integer || !c.m.cols[y.Col].integer {
			continue
		}
		for _, side := range []struct {
			v  float64
			up bool
		}{{r.Hi, x.Val > 0}, {r.Lo, x.Val < 0}} {
			if math.IsInf(side.v, 0) {
				continue
			}
			b := varBound{y.Col, -y.Val / x.Val, side.v / x.Val}
			if side.up {
				c.upper[x.Col] = b
			} else {
				c.lower[x.Col] = b
			}
		}
	}
}

// at returns the value of a variable bound at x.
func (b varBound) at(x []float64) float64 { return b.con + b.slope*x[b.col] }

// term is a nonnegative variable of the base inequality: t = sign·(v - shift),
// where v is a column, the activity of a row, or, for a variable bound, a column
// less slope times another.
type term struct {
	col, row int32 // -1 for the other kind
	bound    varBound
	sign     float64
	shift    float64
	coef     float64
	value    float64 // at the optimum of the relaxation
	integer  bool
}

// combine builds the base equality sum coef·t = rhs of the weighted rows. ok is
// false if a column has no bound to be measured from.
func (c *cutter) combine(rows []weighted) (terms []term, rhs float64, ok bool) {
	defer c.clearCoef()
	for _, w := range rows {
		for _, e := range c.rows[w.row].Entries {
			c.addCoef(e.Col, w.w*e.Val)
		}
	}
	for k := 0; k < len(c.used); k++ { // continuous columns first: their bounds may add integer ones
		j := c.used[k]
		if a := c.coef[j]; !c.isInteger(j) && math.Abs(a) > 1e-11 {
			t, con, ok := c.continuousTerm(j, a)
			if !ok {
				return nil, 0, false
			}
			terms, rhs = append(terms, t), rhs-con
		}
	}
	for _, j := range c.used {
		a := c.coef[j]
		if !c.isInteger(j) || math.Abs(a) <= 1e-11 {
			continue
		}
		t := term{col: j, row: -1, bound: varBound{col: -1}, integer: true}
		if !t.measure(c.x[j], c.rootLo[j], c.rootHi[j], a) {
			return nil, 0, false
		}
		terms, rhs = append(terms, t), rhs-a*t.shift
	}
	for _, w := range rows {
		r := &c.rows[w.row]
		if r.Lo == r.Hi {
			rhs += w.w * r.Lo
			continue
		}
		t := term{col: -1, row: int32(w.row), bound: varBound{col: -1}, integer: c.integral[w.row]}
		activity := 0.0
		for _, e := range r.Entries {
			activity += e.Val * c.x[e.Col]
		}
		lo, hi := r.Lo, r.Hi
		if t.integer {
			lo, hi = math.Ceil(lo-1e-9), math.Floor(hi+1e-9)
		}
		if !t.measure(activity, lo, hi, -w.w) {
			return nil, 0, false
		}
		terms, rhs = append(terms, t), rhs+w.w*t.shift
	}
	return terms, rhs, true
}

func (c *cutter) isInteger(j int32) bool { return c.m.cols[j].integer && !c.m.cols[j].semi }

func (c *cutter) addCoef(j int32, v float64) {
	if !c.isUsed[j] {
		c.isUsed[j] = true
		c.used = append(c.used, j)
	}
	c.coef[j] += v
}

func (c *cutter) clearCoef() {
	for _, j := range c.used {
		c.coef[j], c.isUsed[j] = 0, false
	}
	c.used = c.used[:0]
}

// measure sets t to the distance of v from its nearer bound.
func (t *term) measure(v, lo, hi, a float64) bool {
	switch {
	case math.IsInf(lo, -1) && math.IsInf(hi, 1):
		return false
	case math.IsInf(hi, 1) || v-lo <= hi-v:
		t.sign, t.shift = 1, lo
	default:
		t.sign, t.shift = -1, hi
	}
	t.coef = t.sign * a
	t.value = math.Max(0, t.sign*(v-t.shift))
	return true
}

// continuousTerm measures column j with coefficient a from the nearest of its
// bounds, variable ones included; con is what a·x keeps as a constant.
func (c *cutter) continuousTerm(j int32, a float64) (t term, con float64, ok bool) {
	t = term{col: j, row: -1, bound: varBound{col: -1}}
	x := c.x[j]
	ok = t.measure(x, c.rootLo[j], c.rootHi[j], a)
	con = a * t.shift
	use := func(b varBound, sign float64) {
		if b.col < 0 || math.Abs(b.slope) > 1e7 {
			return
		}
		d := math.Max(0, sign*(x-b.at(c.x)))
		if ok && d > t.value+1e-9 {
			return
		}
		t = term{col: j, row: -1, bound: b, sign: sign, shift: b.con, coef: sign * a, value: d}
		con, ok = a*b.con, true
	}
	use(c.lower[j], 1)
	use(c.upper[j], -1)
	if ok && t.bound.col >= 0 {
		c.addCoef(t.bound.col, a*t.bound.slope)
	}
	return t, con, ok
}

// separate returns the most violated rounding of the combination of rows, over
// both directions and several divisors.
func (c *cutter) separate(rows []weighted) (cut, bool) {
	terms, rhs, ok := c.combine(rows)
	if !ok {
		return cut{}, false
	}
	divisors := []float64{1}
	for _, t := range terms {
		if t.integer && t.value > 1e-6 && math.Abs(t.coef) > 1e-4 && len(divisors) < 8 &&
			!slices.Contains(divisors, math.Abs(t.coef)) {
			divisors = append(divisors, math.Abs(t.coef))
		}
	}
	best, bestScore := 0.0, 1e-6
	for _, d := range divisors {
		for _, s := range []float64{d, -d} {
			if v := roundingScore(terms, rhs, s); v > bestScore {
				best, bestScore = s, v
			}
		}
	}
	if best == 0 {
		return cut{}, false
	}
	for _, k := range []float64{2, 4, 8} {
		if v := roundingScore(terms, rhs, best*k); v > bestScore {
			best, bestScore = best*k, v
			break
		}
	}
	return c.rounded(terms, rhs, best)
}

// rounding returns the coefficient that mixed-integer rounding with fraction f0
// gives a term of coefficient a (both divided already).
func rounding(a float64, integer bool, f0 float64) float64 {
	if !integer {
		return math.Min(0, a) / (1 - f0)
	}
	f := a - math.Floor(a)
	return math.Floor(a) + math.Max(0, f-f0)/(1-f0)
}

// roundingScore returns the violation of the rounding with the given divisor,
// relative to the length of its coefficients.
func roundingScore(terms []term, rhs, div float64) float64 {
	b := rhs / div
	f0 := b - math.Floor(b)
	if f0 < minFraction || f0 > 1-minFraction {
		return 0
	}
	left, norm := -math.Floor(b), 0.0
	for _, t := range terms {
		g := rounding(t.coef/div, t.integer, f0)
		left += g * t.value
		norm += g * g
	}
	return left / math.Sqrt(norm+1e-12)
}

// rounded writes the rounding in terms of the columns and cleans it up.
func (c *cutter) rounded(terms []term, rhs, div float64) (cut, bool) {
	defer c.clearCoef()
	b := rhs / div
	f0 := b - math.Floor(b)
	hi := math.Floor(b)
	for _, t := range terms {
		g := rounding(t.coef/div, t.integer, f0)
		if g == 0 {
			continue
		}
		g *= t.sign
		hi += g * t.shift
		if t.row >= 0 {
			for _, e := range c.rows[t.row].Entries {
				c.addCoef(e.Col, g*e.Val)
			}
			continue
		}
		c.addCoef(t.col, g)
		if t.bound.col >= 0 {
			c.addCoef(t.bound.col, -g*t.bound.slope)
		}
	}
	return c.clean(hi)
}

// clean turns the coefficients into a cut: small ones are relaxed away, badly
// scaled and dense ones refused, and the side is moved out by the rounding errors.
func (c *cutter) clean(hi float64) (cut, bool) {
	largest := 0.0
	for _, j := range c.used {
		largest = math.Max(largest, math.Abs(c.coef[j]))
	}
	if largest == 0 || len(c.used) > 100+len(c.m.cols)/2 {
		return cut{}, false
	}
	slices.Sort(c.used)
	var out cut
	least, norm, left, size := math.Inf(1), 0.0, 0.0, math.Abs(hi)
	for _, j := range c.used {
		a := c.coef[j]
		if math.Abs(a) < largest*1e-7 {
			v, _ := extremes(a, c.rootLo[j], c.rootHi[j])
			if a == 0 {
				continue
			}
			if math.IsInf(v, 0) {
				return cut{}, false
			}
			hi -= v
			continue
		}
		out.Entries = append(out.Entries, lp.Entry{Col: j, Val: a})
		least = math.Min(least, math.Abs(a))
		norm += a * a
		left += a * c.x[j]
		size = math.Max(size, math.Abs(a*c.x[j]))
	}
	if len(out.Entries) == 0 || largest > maxDynamism*least {
		return cut{}, false
	}
	out.Lo, out.Hi = math.Inf(-1), hi+1e-9*math.Max(1, size)
	out.efficacy = (left - out.Hi) / math.Sqrt(norm)
	return out, out.efficacy > minEfficacy && c.keepsIncumbent(out)
}

// keepsIncumbent reports whether the incumbent satisfies the cut: one that it
// violates would be wrong.
func (c *cutter) keepsIncumbent(k cut) bool {
	if c.best == nil {
		return true
	}
	sum := 0.0
	for _, e := range k.Entries {
		sum += e.Val * c.best[e.Col]
	}
	return sum <= k.Hi+1e-6*math.Max(1, math.Abs(k.Hi))
}

// gomory separates the tableau rows of fractional integer columns.
func (c *cutter) gomory() (cuts []cut) {
	for _, j := range c.fractional(c.x) {
		if c.ctx.Err() != nil {
			break
		}
		if !c.lp.IsBasic(int(j)) || !c.isInteger(int32(j)) {
			continue
		}
		var rows []weighted
		largest := 0.0
		for i, w := range c.lp.TableauRow(int(j)) {
			if math.Abs(w) > 1e-9 {
				rows = append(rows, weighted{i, w})
				largest = math.Max(largest, math.Abs(w))
			}
		}
		if largest > 1e5 {
			continue
		}
		if k, ok := c.separate(rows); ok {
			cuts = append(cuts, k)
		}
		if len(cuts) >= 200 {
			break
		}
	}
	return cuts
}

// aggregate starts from every row and adds others that eliminate continuous
// columns far from their bounds, separating every combination.
func (c *cutter) aggregate(rowsOf [][]weighted) (cuts []cut) {
	for i := range len(c.m.rows) {
		if i&63 == 0 && c.ctx.Err() != nil {
			break
		}
		rows := []weighted{{i, 1}}
		for range maxAggregated {
			if k, ok := c.separate(rows); ok {
				cuts = append(cuts, k)
				break
			}
			next, ok := c.eliminate(rows, rowsOf)
			if !ok {
				break
			}
			rows = append(rows, next)
		}
	}
	return cuts
}

// eliminate chooses the continuous column of the combination that is farthest
// from its bounds, and the row with which to cancel it.
func (c *cutter) eliminate(rows []weighted, rowsOf [][]weighted) (weighted, bool) {
	defer c.clearCoef()
	for _, w := range rows {
		for _, e := range c.rows[w.row].Entries {
			c.addCoef(e.Col, w.w*e.Val)
		}
	}
	best, at := 1e-6, int32(-1)
	for _, j := range c.used {
		if c.isInteger(j) || math.Abs(c.coef[j]) < 1e-9 {
			continue
		}
		d := math.Min(c.x[j]-c.rootLo[j], c.rootHi[j]-c.x[j])
		if b := c.upper[j]; b.col >= 0 {
			d = math.Min(d, b.at(c.x)-c.x[j])
		}
		if b := c.lower[j]; b.col >= 0 {
			d = math.Min(d, c.x[j]-b.at(c.x))
		}
		if d > best {
			best, at = d, j
		}
	}
	if at < 0 {
		return weighted{}, false
	}
	for _, r := range rowsOf[at] {
		if len(c.rows[r.row].Entries) < 3 || slices.ContainsFunc(rows, func(w weighted) bool { return w.row == r.row }) {
			continue
		}
		return weighted{r.row, -c.coef[at] / r.w}, true
	}
	return weighted{}, false
}

// rowsByColumn lists, for every column, the rows with its coefficient; those
// that are active at the optimum first.
func (c *cutter) rowsByColumn() [][]weighted {
	out := make([][]weighted, len(c.m.cols))
	for _, active := range []bool{true, false} {
		for i := range len(c.m.rows) {
			if c.lp.RowBasic(i) == active {
				continue
			}
			for _, e := range c.rows[i].Entries {
				out[e.Col] = append(out[e.Col], weighted{i, e.Val})
			}
		}
	}
	return out
}

// selectCuts keeps the most effective cuts that are not nearly parallel.
func selectCuts(cuts []cut, limit int) []lp.Row {
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Compare(b.efficacy, a.efficacy) })
	var kept []lp.Row
	for _, k := range cuts {
		if len(kept) >= limit {
			break
		}
		if !slices.ContainsFunc(kept, func(r lp.Row) bool { return cosine(r, k.Row) > maxParallel }) {
			kept = append(kept, k.Row)
		}
	}
	return kept
}

// cosine returns that of the angle between two rows with sorted entries.
func cosine(a, b lp.Row) float64 {
	dot, na, nb := 0.0, 0.0, 0.0
	for _, e := range a.Entries {
		na += e.Val * e.Val
	}
	k := 0
	for _, e := range b.Entries {
		nb += e.Val * e.Val
		for k < len(a.Entries) && a.Entries[k].Col < e.Col {
			k++
		}
		if k < len(a.Entries) && a.Entries[k].Col == e.Col {
			dot += e.Val * a.Entries[k].Val
		}
	}
	return dot / math.Sqrt(na*nb)
}

// cutRoot tightens the relaxation of the root, whose optimum is in t.x, by
// rounds of cuts. It leaves the solver at the optimum of the last round.
func (t *tree) cutRoot() lp.Status {
	c, graph := newCutter(t), newConflicts(t)
	first := t.lp.Objective()
	last, stalled := first, 0
	for range cutRounds {
		if t.ctx.Err() != nil || len(t.fractional(t.x)) == 0 || stalled >= stallRounds {
			break
		}
		cuts := slices.Concat(c.gomory(), c.aggregate(c.rowsByColumn()), c.covers())
		if stalled > 0 { // often dense
			cuts = append(cuts, c.zeroHalf()...)
		}
		if graph != nil {
			cuts = append(cuts, graph.separate(t.x)...)
		}
		rows := selectCuts(cuts, 20+len(t.m.rows)/2)
		if len(rows) == 0 {
			break
		}
		t.lp.AddRows(rows)
		c.rows = append(c.rows, rows...)
		c.integral = append(c.integral, make([]bool, len(rows))...)
		if st := t.solveLP(t.cutoff()); st != lp.Optimal {
			return st
		}
		c.dropSlack()
		obj := t.lp.Objective()
		t.floor = obj
		if stalled++; obj > last+1e-3*math.Abs(obj-first)+1e-9*math.Abs(obj) {
			stalled = 0
		}
		last = obj
		if obj >= t.cutoff() {
			return lp.Cutoff
		}
		t.offer(t.x)
	}
	return lp.Optimal
}

// dropSlack removes the cuts that are not active.
func (c *cutter) dropSlack() {
	m := len(c.m.rows)
	keep := make([]bool, len(c.rows))
	n := 0
	for i := range c.rows {
		keep[i] = i < m || !c.lp.RowBasic(i)
		if keep[i] {
			c.rows[n], c.integral[n] = c.rows[i], c.integral[i]
			n++
		}
	}
	if n == len(c.rows) {
		return
	}
	c.rows, c.integral = c.rows[:n], c.integral[:n]
	c.lp.KeepRows(func(i int) bool { return keep[i] })
	c.solveLP(math.Inf(1))
}
