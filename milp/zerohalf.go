package milp

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"mixq/milp/internal/lp"
)

// Limits of zero-half separation.
const (
	maxParityRows = 500
	maxParityCols = 1000
	maxZeroHalf   = 50 // combinations tried per round
)

// parityRow is a sum of rows modulo two, measured from the bounds next to the
// optimum of the relaxation. If its right-hand side is odd, half of the sum,
// rounded down, is violated by half of what slack and odd columns leave of one.
type parityRow struct {
	cols    []uint64 // columns away from their bounds with an odd coefficient
	members []uint64 // rows in the sum, as positions in parity.rows
	odd     bool     // right-hand side
	slack   float64
}

// parity is a system of rows modulo two.
type parity struct {
	rows []int         // of the relaxation
	cols map[int32]int // columns of the system by those of the model
	dist []float64     // by column of the system: distance from its bound
	sys  []parityRow
}

// zeroHalf separates zero-half cuts: combinations of integer rows with
// multipliers one half, found by elimination modulo two that prefers rows of
// small slack (Andreello, Caprara and Fischetti 2007), then rounded like any other.
func (c *cutter) zeroHalf() (cuts []cut) {
	p := c.newParity()
	tried := 0
	try := func(r *parityRow) {
		if tried >= maxZeroHalf || !r.odd || r.slack+p.oddDistance(r) > 1-minFraction {
			return
		}
		tried++
		var rows []weighted
		for k, i := range p.rows {
			if r.members[k/64]>>(k%64)&1 == 1 {
				rows = append(rows, weighted{i, 0.5})
			}
		}
		if k, ok := c.separate(rows); ok {
			cuts = append(cuts, k)
		}
	}
	for k := range p.sys {
		try(&p.sys[k])
	}
	for _, j := range p.farthest() {
		if tried >= maxZeroHalf || c.ctx.Err() != nil {
			break
		}
		for _, r := range p.eliminate(j) {
			try(r)
		}
	}
	return cuts
}

// newParity collects the integer rows of little slack.
func (c *cutter) newParity() *parity {
	p := &parity{cols: make(map[int32]int)}
	for i := 0; i < len(c.rows) && len(p.rows) < maxParityRows; i++ {
		if r, ok := c.parityOf(i, p); ok {
			p.rows = append(p.rows, i)
			p.sys = append(p.sys, r)
		}
	}
	words := (len(p.rows) + 63) / 64
	for k := range p.sys {
		p.sys[k].members = make([]uint64, words)
		p.sys[k].members[k/64] |= 1 << (k % 64)
	}
	return p
}

// parityOf reads row i of the relaxation modulo two. ok is false if it is not
// one of integers between finite bounds, has too much slack, or no place is left for its columns.
func (c *cutter) parityOf(i int, p *parity) (r parityRow, ok bool) {
	row := &c.rows[i]
	side, slack := c.nearSide(row)
	if !c.integral[i] || !(slack < 1-minFraction) || side != math.Round(side) {
		return r, false
	}
	r.slack = slack
	r.cols = make([]uint64, maxParityCols/64+1)
	for _, e := range row.Entries {
		if math.Mod(e.Val, 2) == 0 {
			continue
		}
		bound, d := c.rootLo[e.Col], c.x[e.Col]-c.rootLo[e.Col]
		if up := c.rootHi[e.Col] - c.x[e.Col]; up < d {
			bound, d = c.rootHi[e.Col], up
		}
		if math.IsInf(bound, 0) {
			return r, false
		}
		side -= e.Val * bound
		if d <= intTol {
			continue
		}
		j, ok := p.column(e.Col, d)
		if !ok {
			return r, false
		}
		r.cols[j/64] |= 1 << (j % 64)
	}
	r.odd = math.Mod(math.Abs(side), 2) == 1
	return r, true
}

// nearSide returns the side of a row that is nearer to its activity, and the slack.
func (c *cutter) nearSide(row *lp.Row) (side, slack float64) {
	activity := 0.0
	for _, e := range row.Entries {
		activity += e.Val * c.x[e.Col]
	}
	if activity-row.Lo < row.Hi-activity {
		return row.Lo, math.Abs(activity - row.Lo)
	}
	return row.Hi, math.Abs(row.Hi - activity)
}

// column returns the place of a column, at distance d from its bound, in the
// system; ok is false if there is none left.
func (p *parity) column(col int32, d float64) (j int, ok bool) {
	j, known := p.cols[col]
	if !known {
		if j = len(p.dist); j == maxParityCols {
			return 0, false
		}
		p.cols[col] = j
		p.dist = append(p.dist, d)
	}
	return j, true
}

// oddDistance sums the distances of the columns with an odd coefficient.
func (p *parity) oddDistance(r *parityRow) (sum float64) {
	for w, b := range r.cols {
		for ; b != 0; b &= b - 1 {
			sum += p.dist[w*64+bits.TrailingZeros64(b)]
		}
	}
	return sum
}

// farthest lists the columns, those farthest from their bounds first.
func (p *parity) farthest() []int {
	order := make([]int, len(p.dist))
	for j := range order {
		order[j] = j
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.dist[b], p.dist[a]), cmp.Compare(a, b))
	})
	return order
}

// eliminate adds the row of least slack among those with column j to the
// others, removes it, and returns the rows that changed.
func (p *parity) eliminate(j int) (changed []*parityRow) {
	has := func(r *parityRow) bool { return r.cols[j/64]>>(j%64)&1 == 1 }
	at := -1
	for k := range p.sys {
		if has(&p.sys[k]) && (at < 0 || cmp.Less(p.sys[k].slack, p.sys[at].slack)) {
			at = k
		}
	}
	if at < 0 {
		return nil
	}
	pivot := p.sys[at]
	p.sys = slices.Delete(p.sys, at, at+1)
	for k := range p.sys {
		if r := &p.sys[k]; has(r) {
			r.add(&pivot)
			changed = append(changed, r)
		}
	}
	return changed
}

// add adds o to r modulo two. Rows in both cancel, their slack does not: it is
// an upper limit, for the choice of rows only.
func (r *parityRow) add(o *parityRow) {
	for w := range r.cols {
		r.cols[w] ^= o.cols[w]
	}
	for w := range r.members {
		r.members[w] ^= o.members[w]
	}
	r.odd = r.odd != o.odd
	r.slack += o.slack
}
