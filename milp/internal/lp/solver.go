package lp

import (
	"context"
	"math"
)

// Status is the outcome of Solve.
type Status uint8

// The outcomes of Solve.
const (
	Optimal Status = iota + 1
	Infeasible
	Unbounded
	Cutoff    // the optimum is above Limits.Cutoff
	IterLimit // Limits.Iters reached
	Stopped   // the context ended
	Trouble   // rounding errors could not be overcome
)

// Entry is a nonzero of a row.
type Entry struct {
	Col int32
	Val float64
}

// Row is lo <= sum of the entries <= hi.
type Row struct {
	Lo, Hi  float64
	Entries []Entry
}

// Problem is a linear program to minimise. The slices are not kept.
type Problem struct {
	Lo, Hi, Cost []float64 // by column
	Rows         []Row
}

// Limits end Solve early.
type Limits struct {
	Cutoff float64 // stop when the optimum is known to exceed it; +Inf for none
	Iters  int     // 0: no limit
}

// Tolerances, on the scaled problem.
const (
	primalTol      = 1e-9 // violation of bounds
	nearlyFeasible = 1e-7 // violations that rounding may explain: no proof of infeasibility
	dualTol        = 1e-7 // wrong sign of reduced costs
	pivotTol       = 1e-7 // smallest pivot accepted without a fresh factorization
	zeroTol        = 1e-11
	maxUpdates     = 64 // product-form updates before a new factorization
)

// position says where a column is.
type position uint8

const (
	atLower position = iota
	atUpper
	atZero // free and nonbasic
	basic
)

// Basis is a saved basis: the position of every column and logical.
type Basis struct{ pos []position }

// Solver holds a problem, its scaled matrix and a basis. It is for one goroutine.
type Solver struct {
	n, m int // structural columns, rows

	colStart []int32 // matrix by columns
	rowInd   []int32
	colVal   []float64
	rowStart []int32 // and by rows
	colInd   []int32
	rowVal   []float64
	colScale []float64 // x = scaled x · colScale
	rowScale []float64 // scaled row = row · rowScale

	lo, hi []float64 // structurals, then logicals; scaled
	cost   []float64 // perturbed
	orig   []float64 // unperturbed
	d      []float64 // reduced costs
	pos    []position
	x      []float64 // value of every nonbasic

	head   []int32 // column in each slot
	slot   []int32 // slot of each basic column, -1 otherwise
	xb     []float64
	weight []float64 // dual steepest edge, by slot
	f      factor
	ready  bool // factor and xb belong to head

	y, work, rho, alpha, tau, flip []float64 // by row or slot
	pivotRow                       []float64 // by column
	touched                        []int32
	isTouched                      []bool
	cands                          []candidate
	flips                          []int32
	points                         []breakpoint
	unit                           [1]int32
	minus                          [1]float64

	perturbed  bool
	iters      int
	saved      Basis // the last one saved, and when
	savedIters int
	farkas     []float64 // by row, after Infeasible
	ray        []float64 // by column, after Unbounded
	ctx        context.Context
}

// New returns a solver for p with the basis of all logicals.
func New(p Problem) *Solver {
	s := &Solver{n: len(p.Cost)}
	s.minus[0] = -1
	s.lo = append(s.lo, p.Lo...)
	s.hi = append(s.hi, p.Hi...)
	s.orig = append(s.orig, p.Cost...)
	s.colScale = make([]float64, s.n)
	for j := range s.colScale {
		s.colScale[j] = 1
	}
	s.buildRows(p.Rows)
	s.scale()
	s.pos = make([]position, s.n+s.m)
	for i := range s.m {
		s.pos[s.n+i] = basic
	}
	s.allocate()
	for j := range s.n {
		s.rest(j)
	}
	return s
}

// buildRows appends unscaled rows to the row-wise matrix.
func (s *Solver) buildRows(rows []Row) {
	if s.rowStart == nil {
		s.rowStart = []int32{0}
	}
	for _, r := range rows {
		for _, e := range r.Entries {
			s.colInd, s.rowVal = append(s.colInd, e.Col), append(s.rowVal, e.Val)
		}
		s.rowStart = append(s.rowStart, int32(len(s.colInd)))
		s.lo, s.hi = append(s.lo, r.Lo), append(s.hi, r.Hi)
		s.orig = append(s.orig, 0)
		s.rowScale = append(s.rowScale, 1)
	}
	s.m += len(rows)
}

// scale multiplies rows and columns by powers of two so that their entries are
// near one in the geometric mean of the extremes.
func (s *Solver) scale() {
	const rounds = 3
	for range rounds {
		colMin, colMax := make([]float64, s.n), make([]float64, s.n)
		for i := range s.m {
			least, most := math.Inf(1), 0.0
			for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
				if v := math.Abs(s.rowVal[t]) * s.colScale[s.colInd[t]]; v > 0 {
					least, most = min(least, v), max(most, v)
				}
			}
			s.rowScale[i] = nearestPower(least, most)
			for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
				j := s.colInd[t]
				if v := math.Abs(s.rowVal[t]) * s.rowScale[i]; v > 0 {
					if colMin[j] == 0 || v < colMin[j] {
						colMin[j] = v
					}
					colMax[j] = max(colMax[j], v)
				}
			}
		}
		for j := range s.n {
			s.colScale[j] = nearestPower(colMin[j], colMax[j])
		}
	}
	for j := range s.n {
		s.lo[j] /= s.colScale[j]
		s.hi[j] /= s.colScale[j]
		s.orig[j] *= s.colScale[j]
	}
	s.scaleRows(0)
}

// scaleRows applies the scales to the entries and sides of the rows from first on.
func (s *Solver) scaleRows(first int) {
	for i := first; i < s.m; i++ {
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			s.rowVal[t] *= s.rowScale[i] * s.colScale[s.colInd[t]]
		}
		s.lo[s.n+i] *= s.rowScale[i]
		s.hi[s.n+i] *= s.rowScale[i]
	}
	s.buildColumns()
}

// nearestPower returns the power of two nearest to 1/sqrt(a·b); 1 if there are no entries.
func nearestPower(a, b float64) float64 {
	if !(b > 0) || math.IsInf(a, 0) {
		return 1
	}
	return math.Ldexp(1, -int(math.Round((math.Log2(a)+math.Log2(b))/2)))
}

func (s *Solver) buildColumns() {
	s.colStart = append(s.colStart[:0], make([]int32, s.n+1)...)
	for _, j := range s.colInd {
		s.colStart[j+1]++
	}
	for j := range s.n {
		s.colStart[j+1] += s.colStart[j]
	}
	s.rowInd = append(s.rowInd[:0], make([]int32, len(s.colInd))...)
	s.colVal = append(s.colVal[:0], make([]float64, len(s.colInd))...)
	fill := append([]int32(nil), s.colStart[:s.n]...)
	for i := range s.m {
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			j := s.colInd[t]
			s.rowInd[fill[j]], s.colVal[fill[j]] = int32(i), s.rowVal[t]
			fill[j]++
		}
	}
}

// allocate sizes the working arrays and installs the basis given by pos.
func (s *Solver) allocate() {
	s.saved = Basis{}
	N := s.n + s.m
	grow := func(v []float64, n int) []float64 { return append(v[:0], make([]float64, n)...) }
	s.cost = append(s.cost[:0], s.orig...)
	s.d, s.pivotRow = grow(s.d, N), grow(s.pivotRow, N)
	s.x = append(s.x, make([]float64, N-len(s.x))...)
	s.isTouched = append(s.isTouched[:0], make([]bool, N)...)
	s.touched = s.touched[:0]
	for _, v := range []*[]float64{&s.xb, &s.y, &s.work, &s.rho, &s.alpha, &s.tau, &s.flip, &s.weight} {
		*v = grow(*v, s.m)
	}
	s.install()
}

// install lists the basic columns of pos in head.
func (s *Solver) install() {
	s.head = s.head[:0]
	s.slot = append(s.slot[:0], make([]int32, s.n+s.m)...)
	for j, p := range s.pos {
		s.slot[j] = -1
		if p == basic {
			s.slot[j] = int32(len(s.head))
			s.head = append(s.head, int32(j))
		}
	}
	for i := range s.weight {
		s.weight[i] = 1
	}
	s.ready = false
}

// rest puts nonbasic column j at the bound its position names, or at another
// one if that is infinite.
func (s *Solver) rest(j int) {
	p := s.pos[j]
	switch {
	case p == atLower && !math.IsInf(s.lo[j], -1), p == atUpper && !math.IsInf(s.hi[j], 1):
	case !math.IsInf(s.lo[j], -1):
		p = atLower
	case !math.IsInf(s.hi[j], 1):
		p = atUpper
	default:
		p = atZero
	}
	s.pos[j] = p
	switch p {
	case atLower:
		s.x[j] = s.lo[j]
	case atUpper:
		s.x[j] = s.hi[j]
	default:
		s.x[j] = 0
	}
}

// SetBounds changes the bounds of column j.
func (s *Solver) SetBounds(j int, lo, hi float64) {
	s.lo[j], s.hi[j] = lo/s.colScale[j], hi/s.colScale[j]
	if s.pos[j] != basic {
		s.rest(j)
	}
}

// SetCosts replaces the objective.
func (s *Solver) SetCosts(cost []float64) {
	for j, v := range cost {
		s.orig[j] = v * s.colScale[j]
	}
}

// AddRows appends rows, their logicals basic.
func (s *Solver) AddRows(rows []Row) {
	first := s.m
	s.buildRows(rows)
	for i := first; i < s.m; i++ {
		least, most := math.Inf(1), 0.0
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			v := math.Abs(s.rowVal[t]) * s.colScale[s.colInd[t]]
			least, most = min(least, v), max(most, v)
		}
		s.rowScale[i] = nearestPower(least, most)
		s.pos = append(s.pos, basic)
	}
	s.scaleRows(first)
	s.allocate()
}

// KeepRows removes the rows that keep refuses.
func (s *Solver) KeepRows(keep func(int) bool) {
	t, m := int32(0), 0
	for i := range s.m {
		start, end := s.rowStart[i], s.rowStart[i+1]
		if !keep(i) {
			continue
		}
		s.rowStart[m] = t
		t += int32(copy(s.colInd[t:], s.colInd[start:end]))
		copy(s.rowVal[s.rowStart[m]:], s.rowVal[start:end])
		from, to := s.n+i, s.n+m
		s.lo[to], s.hi[to], s.orig[to], s.pos[to], s.x[to] = s.lo[from], s.hi[from], s.orig[from], s.pos[from], s.x[from]
		s.rowScale[m] = s.rowScale[i]
		m++
	}
	s.rowStart[m] = t
	N := s.n + m
	s.m, s.rowStart, s.colInd, s.rowVal = m, s.rowStart[:m+1], s.colInd[:t], s.rowVal[:t]
	s.lo, s.hi, s.orig, s.pos, s.x, s.rowScale = s.lo[:N], s.hi[:N], s.orig[:N], s.pos[:N], s.x[:N], s.rowScale[:m]
	s.buildColumns()
	s.allocate()
}

// column returns the entries of a structural or logical column.
func (s *Solver) column(j int32) ([]int32, []float64) {
	if int(j) < s.n {
		a, b := s.colStart[j], s.colStart[j+1]
		return s.rowInd[a:b], s.colVal[a:b]
	}
	s.unit[0] = j - int32(s.n)
	return s.unit[:], s.minus[:]
}

// refactor factorizes the basis, replacing columns that make it singular by
// logicals, and recomputes the values of the basic columns.
func (s *Solver) refactor() bool {
	for range 10 {
		slots, rows := s.factorizeHead()
		if slots == nil {
			s.computeX()
			s.ready = true
			return true
		}
		for k, q := range slots {
			out, in := s.head[q], int32(s.n)+rows[k]
			s.pos[out] = atLower
			s.rest(int(out))
			s.slot[out] = -1
			s.head[q], s.slot[in], s.pos[in] = in, q, basic
			s.weight[q] = 1
		}
	}
	return false
}

func (s *Solver) factorizeHead() (slots, rows []int32) {
	if len(s.head) != s.m {
		s.squareHead()
	}
	return s.f.factorize(s.m, func(q int) ([]int32, []float64) { return s.column(s.head[q]) })
}

// squareHead makes the number of basic columns that of the rows.
func (s *Solver) squareHead() {
	for k := len(s.head) - 1; k >= 0 && len(s.head) > s.m; k-- {
		j := s.head[k]
		s.pos[j] = atLower
		s.rest(int(j))
		s.head = append(s.head[:k], s.head[k+1:]...)
	}
	for i := 0; i < s.m && len(s.head) < s.m; i++ {
		if j := s.n + i; s.pos[j] != basic {
			s.pos[j] = basic
			s.head = append(s.head, int32(j))
		}
	}
	s.install()
}

// computeX solves B·xb = -N·x.
func (s *Solver) computeX() {
	clear(s.work)
	for j := range s.n + s.m {
		if v := s.x[j]; s.pos[j] != basic && v != 0 {
			ind, val := s.column(int32(j))
			for k, i := range ind {
				s.work[i] -= val[k] * v
			}
		}
	}
	s.f.ftran(s.work, s.xb)
}

// computeD computes the reduced costs of all columns for the current costs.
func (s *Solver) computeD() {
	for k, j := range s.head {
		s.alpha[k] = s.cost[j]
	}
	s.f.btran(s.alpha, s.y)
	copy(s.d, s.cost)
	for i, v := range s.y {
		if v == 0 {
			continue
		}
		for t := s.rowStart[i]; t < s.rowStart[i+1]; t++ {
			s.d[s.colInd[t]] -= v * s.rowVal[t]
		}
		s.d[s.n+i] += v
	}
	for _, j := range s.head {
		s.d[j] = 0
	}
}

// Save returns the current basis.
func (s *Solver) Save() Basis {
	s.saved = Basis{append([]position(nil), s.pos...)}
	s.savedIters = s.iters
	return s.saved
}

// Load installs a saved basis; rows added since have their logicals basic.
func (s *Solver) Load(b Basis) {
	if len(b.pos) == len(s.pos) && len(s.saved.pos) == len(b.pos) && &b.pos[0] == &s.saved.pos[0] && s.savedIters == s.iters {
		return // it is still installed, with its factorization
	}
	s.saved = Basis{}
	n := copy(s.pos, b.pos)
	for j := n; j < len(s.pos); j++ {
		s.pos[j] = basic
	}
	for j := range s.pos {
		if s.pos[j] != basic {
			s.rest(j)
		}
	}
	s.install()
}

// Reset installs the basis of all logicals.
func (s *Solver) Reset() {
	s.saved = Basis{}
	for j := range s.pos {
		s.pos[j] = atLower
		if j >= s.n {
			s.pos[j] = basic
		} else {
			s.rest(j)
		}
	}
	s.install()
}

// DualObjective returns the bound that the current basis proves when it is dual feasible.
func (s *Solver) DualObjective() float64 { return s.dualObjective() }

// Iters returns the simplex iterations done so far.
func (s *Solver) Iters() int { return s.iters }

// Rows returns the number of rows.
func (s *Solver) Rows() int { return s.m }

// X returns the values of the columns, within their bounds, appended to dst.
func (s *Solver) X(dst []float64) []float64 {
	for j := range s.n {
		v := s.value(j)
		dst = append(dst, min(max(v, s.lo[j]), s.hi[j])*s.colScale[j])
	}
	return dst
}

// value returns the scaled value of a column.
func (s *Solver) value(j int) float64 {
	if q := s.slot[j]; q >= 0 {
		return s.xb[q]
	}
	return s.x[j]
}

// Objective returns the value of the objective.
func (s *Solver) Objective() float64 {
	sum := 0.0
	for j := range s.n {
		sum += s.orig[j] * s.value(j)
	}
	return sum
}

// Duals returns the multipliers of the rows, appended to dst: the change of the
// optimum per unit of the side that is active.
func (s *Solver) Duals(dst []float64) []float64 {
	for i := range s.m {
		dst = append(dst, s.d[s.n+i]*s.rowScale[i])
	}
	return dst
}

// ReducedCosts returns those of the columns, appended to dst.
func (s *Solver) ReducedCosts(dst []float64) []float64 {
	for j := range s.n {
		dst = append(dst, s.d[j]/s.colScale[j])
	}
	return dst
}

// IsBasic reports whether column j is basic.
func (s *Solver) IsBasic(j int) bool { return s.pos[j] == basic }

// RowBasic reports whether the logical of row i is basic: the row is not active.
func (s *Solver) RowBasic(i int) bool { return s.pos[s.n+i] == basic }

// Farkas returns, after Infeasible, multipliers y of the rows such that the
// least y·side exceeds the largest yᵀA·x within the bounds of the columns. It is
// nil if bounds alone contradict each other.
func (s *Solver) Farkas() []float64 {
	var y []float64
	for _, v := range s.farkas {
		y = append(y, -v)
	}
	return y
}

// Ray returns, after Unbounded, a direction of the columns along which the
// objective falls without leaving the feasible region.
func (s *Solver) Ray() []float64 { return s.ray }

// TableauRow returns, for basic column j, the multipliers of the rows whose sum
// has coefficient one for j and zero for all other basic columns.
func (s *Solver) TableauRow(j int) []float64 {
	r := s.slot[j]
	if r < 0 {
		return nil
	}
	clear(s.work)
	s.work[r] = 1
	s.f.btran(s.work, s.y)
	w := make([]float64, s.m)
	for i, v := range s.y {
		w[i] = v * s.rowScale[i] * s.colScale[j]
	}
	return w
}
