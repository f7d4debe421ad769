package milp

import (
	"fmt"
	"math"
)

// MaxKnapsacks is the largest number of knapsack rows (a two-sided row counts
// twice) of a multiple-choice knapsack.
const MaxKnapsacks = 4

const (
	maxLocalGroups  = 3       // a row touching no more groups may be built into their options
	maxMergedOption = 1 << 14 // options a merged group may have before its rows are applied
	maxActivity     = 1 << 61 // limit of the activity of a knapsack row, so that sums never overflow
)

// choice is a model read as a multiple-choice knapsack: exactly one option of
// every group is taken, and the knapsack rows hold.
type choice struct {
	m      *Model
	groups [][]option
	knaps  []knapsack

	contradiction bool // a row without entries excludes zero
}

// option lists the columns that are 1 when it is taken; all others of its group are 0.
type option []Col

// knapsack is the constraint sum weight[j]·x[j] <= cap over the columns, in
// exact integers: one side of a row, multiplied by scale.
type knapsack struct {
	row    Row
	scale  float64 // weight = scale·coefficient, negative for the lower side of the row
	weight []int64 // by column
	cap    int64
}

// detector is the state of reading a model.
type detector struct {
	choice
	pace        *pace
	of          []int    // group of each column, -1 before it is known
	members     [][]Col  // columns of each group
	isChoice    []bool   // by row: the row is a choice row
	local       []intRow // rows to be built into the options
	least, most []int64  // scratch by group, zero between uses
}

// intRow is a row in exact integers: lo <= sum a·x <= hi.
type intRow struct {
	row    Row
	cols   []Col
	a      []int64
	lo, hi int64 // minInt/maxInt when absent
	scale  float64
}

const (
	noLower = math.MinInt64
	noUpper = math.MaxInt64
)

// detect reads m as a multiple-choice knapsack, or says which row or column
// does not fit, or that the context of pace ended first.
func detect(m *Model, pace *pace) (*choice, error) {
	d := detector{choice: choice{m: m}, pace: pace, of: make([]int, len(m.cols)), isChoice: make([]bool, len(m.rows))}
	for j := range d.of {
		d.of[j] = -1
		if c := &m.cols[j]; !c.integer || c.semi || c.lo < 0 || math.Ceil(c.lo) > 1 {
			return nil, fmt.Errorf("milp: column %s is not binary; only multiple-choice knapsacks are solved", m.ColName(Col(j)))
		}
	}
	if err := d.formGroups(); err != nil {
		return nil, err
	}
	for j, g := range d.of {
		if g < 0 {
			return nil, fmt.Errorf("milp: column %s may exceed 1 and no choice row limits it; only multiple-choice knapsacks are solved", m.ColName(Col(j)))
		}
	}
	if err := d.sortRows(); err != nil {
		return nil, err
	}
	if err := d.mergeLocal(); err != nil {
		return nil, err
	}
	d.fixColumns()
	return &d.choice, nil
}

// formGroups finds disjoint choice rows, equations before inequalities, and
// makes a group of each; binary columns in none of them become groups of their own.
func (d *detector) formGroups() error {
	for _, equation := range []bool{true, false} {
		for i := range d.m.rows {
			cols, _ := d.m.entries(Row(i))
			if err := d.pace.spend(1 + len(cols)); err != nil {
				return err
			}
			if !d.isChoice[i] && d.isChoiceRow(Row(i), equation) {
				d.addGroup(cols, !equation)
				d.isChoice[i] = true
			}
		}
	}
	for j := range d.of {
		if d.of[j] < 0 && d.m.cols[j].hi < 2 {
			d.addGroup([]Col{Col(j)}, true)
		}
	}
	return nil
}

// isChoiceRow reports whether row i says sum x = 1 (or <= 1) over columns that
// no group has yet.
func (d *detector) isChoiceRow(i Row, equation bool) bool {
	cols, a := d.m.entries(i)
	if len(cols) == 0 || (!equation && len(cols) == 1) || a[0] == 0 {
		return false
	}
	lo, hi := d.m.rows[i].lo/a[0], d.m.rows[i].hi/a[0]
	if a[0] < 0 {
		lo, hi = hi, lo
	}
	if equation && (lo != 1 || hi != 1) || !equation && (lo > 0 || hi < 1 || hi >= 2) {
		return false
	}
	for k, c := range cols {
		if a[k] != a[0] || d.of[c] >= 0 {
			return false
		}
	}
	return true
}

// addGroup makes a group with one option per column, and one that takes none of them if null.
func (d *detector) addGroup(cols []Col, null bool) {
	g := make([]option, 0, len(cols)+1)
	if null {
		g = append(g, option{})
	}
	for k, c := range cols {
		d.of[c] = len(d.groups)
		g = append(g, option(cols[k:k+1:k+1]))
	}
	d.groups = append(d.groups, g)
	d.members = append(d.members, cols)
}

// sortRows splits the rows that are not choice rows into knapsacks and local rows.
func (d *detector) sortRows() error {
	d.least, d.most = make([]int64, len(d.groups)), make([]int64, len(d.groups))
	seen := make([]int, len(d.groups)) // 1 + last row that touched the group
	small := max(1, min(maxLocalGroups, len(d.groups)/2))
	for i := range d.m.rows {
		if d.isChoice[i] {
			continue
		}
		r, err := d.m.integral(Row(i))
		if err != nil {
			return err
		}
		if err := d.pace.spend(4 * len(r.cols)); err != nil {
			return err
		}
		if err := d.dropRedundant(&r); err != nil {
			return err
		}
		if r.lo == noLower && r.hi == noUpper {
			continue
		}
		touched := 0
		for _, c := range r.cols {
			if g := d.of[c]; seen[g] != i+1 {
				seen[g] = i + 1
				touched++
			}
		}
		if touched <= small || r.lo == r.hi && touched <= maxLocalGroups {
			d.local = append(d.local, r)
		} else if err := d.addKnapsacks(r); err != nil {
			return err
		}
	}
	return nil
}

// addKnapsacks makes a knapsack of each finite side of r.
func (d *detector) addKnapsacks(r intRow) error {
	side := func(sign, limit int64) error {
		if len(d.knaps) == MaxKnapsacks {
			return fmt.Errorf("milp: row %s makes more than %d knapsacks, more than a multiple-choice knapsack is solved with",
				d.m.RowName(r.row), MaxKnapsacks)
		}
		k := knapsack{row: r.row, scale: float64(sign) * r.scale, weight: make([]int64, len(d.m.cols)), cap: sign * limit}
		for t, c := range r.cols {
			k.weight[c] = sign * r.a[t]
		}
		d.knaps = append(d.knaps, k)
		return nil
	}
	if r.hi != noUpper {
		if err := side(1, r.hi); err != nil {
			return err
		}
	}
	if r.lo != noLower {
		return side(-1, r.lo)
	}
	return nil
}

// dropRedundant removes the sides of r that every choice satisfies. It reports
// an activity that could overflow.
func (d *detector) dropRedundant(r *intRow) error {
	size := 0.0
	for _, a := range r.a {
		size += math.Abs(float64(a))
	}
	if size >= maxActivity {
		return fmt.Errorf("milp: row %s: coefficients add up to %g, too large for exact integers; divide the row by a common factor",
			d.m.RowName(r.row), size)
	}
	for t, c := range r.cols { // the columns of a group exclude each other
		g := d.of[c]
		d.least[g] = min(d.least[g], r.a[t])
		d.most[g] = max(d.most[g], r.a[t])
	}
	var least, most int64
	for _, c := range r.cols {
		g := d.of[c]
		least += d.least[g]
		most += d.most[g]
		d.least[g], d.most[g] = 0, 0
	}
	if least >= r.lo {
		r.lo = noLower
	}
	if most <= r.hi {
		r.hi = noUpper
	}
	if len(r.cols) == 0 && (r.lo != noLower || r.hi != noUpper) {
		d.contradiction = true
		r.lo, r.hi = noLower, noUpper
	}
	return nil
}

// scales are the factors tried to make the coefficients of a row integers.
var scales = func() []float64 {
	s := []float64{1}
	for v := 10.0; v <= 1e12; v *= 10 {
		s = append(s, v)
	}
	for v := 2.0; v <= 1<<40; v *= 2 {
		s = append(s, v)
	}
	return s
}()

// integral multiplies row i by the smallest factor that makes all its
// coefficients integers: a is taken for k/s if it is the float64 nearest to it.
func (m *Model) integral(i Row) (intRow, error) {
	cols, a := m.entries(i)
	r := intRow{row: i, cols: cols, a: make([]int64, len(a))}
	for _, s := range scales {
		if r.scaleTo(a, s) {
			r.scale = s
			r.lo, r.hi = intCeil(m.rows[i].lo, s), intFloor(m.rows[i].hi, s)
			return r, nil
		}
	}
	return r, fmt.Errorf("milp: row %s: coefficients have no common integer multiple; only multiple-choice knapsacks with integer weights are solved",
		m.RowName(i))
}

func (r *intRow) scaleTo(a []float64, s float64) bool {
	const exact = 1 << 53
	for t, v := range a {
		k := math.RoundToEven(v * s)
		if math.Abs(k) > exact || k/s != v {
			return false
		}
		r.a[t] = int64(k)
	}
	return true
}

// intFloor returns the largest k with k/s <= v.
func intFloor(v, s float64) int64 {
	if v >= maxActivity/s {
		return noUpper
	}
	if v <= -maxActivity/s {
		return -maxActivity
	}
	k := math.Floor(v * s)
	if (k+1)/s <= v {
		k++
	} else if k/s > v {
		k--
	}
	return int64(k)
}

// intCeil returns the smallest k with k/s >= v.
func intCeil(v, s float64) int64 {
	k := intFloor(-v, s)
	if k == noUpper {
		return noLower
	}
	return -k
}

// fixColumns keeps only the options that agree with the bounds of the columns.
func (d *detector) fixColumns() {
	ones := make([]int, len(d.groups)) // columns that must be 1
	fixed := make([]bool, len(d.groups))
	for j, g := range d.of {
		c := &d.m.cols[j]
		if c.lo > 0 {
			ones[g]++
		}
		fixed[g] = fixed[g] || c.lo > 0 || c.hi < 1
	}
	for g, n := range ones {
		if !fixed[g] {
			continue
		}
		d.groups[g] = filter(d.groups[g], func(o option) bool {
			taken := 0
			for _, j := range o {
				c := &d.m.cols[j]
				if c.hi < 1 {
					return false
				}
				if c.lo > 0 {
					taken++
				}
			}
			return taken == n
		})
	}
}

// filter keeps the options that satisfy keep, in order, in a new slice.
func filter(in []option, keep func(option) bool) []option {
	out := make([]option, 0, len(in))
	for _, o := range in {
		if keep(o) {
			out = append(out, o)
		}
	}
	return out
}
