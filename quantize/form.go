package quantize

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// linear has a number for every width of every choice. A choice without is 0.
type linear map[*choice][]float64

// quadraticForm is the sensitivity of a solution, xᵀGx for the indicator x of its
// widths. Since x = x² it is linear·x + xᵀ(G − diag(shift))x, of which the second
// part is convex: the convex reformulation of Hammer and Rubin (1970) with a shift
// in proportion to the diagonal.
type quadraticForm struct {
	linear
	choices []*choice
	first   map[*choice]int // column of the first width
	g       [][]float64
	shift   []float64
}

// form adds sensitivities and interactions up by choice, in a unit that makes
// them numbers about 1: what is tied is always taken together.
func (p *program) form(unit float64) (*quadraticForm, error) {
	q := &quadraticForm{linear: linear{}, choices: p.choices, first: map[*choice]int{}}
	n := 0
	for _, c := range p.choices {
		q.first[c] = n
		n += len(c.bits)
	}
	for range n {
		q.g = append(q.g, make([]float64, n))
	}
	for _, c := range p.choices {
		for i, s := range c.sens {
			q.g[q.first[c]+i][q.first[c]+i] = s / unit
		}
	}
	columns := p.columns(q.first)
	for i, a := range columns {
		for j, b := range columns[:i] {
			if a >= 0 && b >= 0 {
				v := p.table.Pairs.at(i, j) / unit
				q.g[a][b] += v
				q.g[b][a] += v
			}
		}
	}
	return q, q.split()
}

// columns are those of the candidates that Pairs has, in its order; −1 for a width
// that ties exclude.
func (p *program) columns(first map[*choice]int) (columns []int) {
	add := func(c *choice, bits []uint8) {
		for _, b := range bits {
			k := slices.Index(c.bits, b)
			if k >= 0 {
				k += first[c]
			}
			columns = append(columns, k)
		}
	}
	for i, l := range p.table.Layers {
		add(p.weights[i], l.Bits)
	}
	for i, a := range p.table.Acts {
		if a.Sensitivity != nil {
			add(p.acts[i], a.Bits)
		}
	}
	return columns
}

// split chooses the shift: the diagonal D of G times the least eigenvalue of
// D^−½·G·D^−½.
func (q *quadraticForm) split() error {
	d, scaled := q.scaled()
	var eig mat.EigenSym
	if !eig.Factorize(scaled, false) {
		return errors.New("quantize: interactions have no eigenvalues; measure sensitivities again")
	}
	least := eig.Values(nil)[0] - 1e-9 // less what it may be wrong by
	for i := range d {
		d[i] *= least
	}
	q.shift = d
	for _, c := range q.choices {
		q.linear[c] = d[q.first[c]:][:len(c.bits)]
	}
	return nil
}

// scaled is D and D^−½·G·D^−½. Elements of D are positive, and 0 only where G is 0
// anyway.
func (q *quadraticForm) scaled() (d []float64, s *mat.SymDense) {
	n, largest := len(q.g), 0.0
	for i := range n {
		largest = max(largest, math.Abs(q.g[i][i]))
	}
	d, s = make([]float64, n), mat.NewSymDense(n, nil)
	for i, row := range q.g {
		s.SetSym(i, i, 1)
		if !slices.ContainsFunc(row, func(v float64) bool { return v != 0 }) {
			continue
		}
		d[i] = max(math.Abs(row[i]), 1e-12*largest, math.SmallestNonzeroFloat32)
		s.SetSym(i, i, row[i]/d[i])
		for j := range i {
			if row[j] != 0 {
				s.SetSym(i, j, row[j]/(math.Sqrt(d[i])*math.Sqrt(d[j])))
			}
		}
	}
	return d, s
}

// taken are the columns of a solution.
func (q *quadraticForm) taken(s solution) []int {
	columns := make([]int, len(q.choices))
	for k, c := range q.choices {
		columns[k] = q.first[c] + s[c]
	}
	return columns
}

// gradient is G·x.
func (q *quadraticForm) gradient(taken []int) []float64 {
	h := make([]float64, len(q.g))
	for i, row := range q.g {
		for _, j := range taken {
			h[i] += row[j]
		}
	}
	return h
}

// value is xᵀGx.
func (q *quadraticForm) value(s solution) float64 {
	taken := q.taken(s)
	h, sum := q.gradient(taken), 0.0
	for _, i := range taken {
		sum += h[i]
	}
	return sum
}

// cut bounds the convex part from below: it is at least linear·x − constant.
type cut struct {
	linear
	constant float64
}

// tangent is the cut that is exact at s.
func (q *quadraticForm) tangent(s solution) cut {
	taken := q.taken(s)
	h := q.gradient(taken)
	for _, i := range taken {
		h[i] -= q.shift[i]
	}
	t := cut{linear: linear{}}
	for _, i := range taken {
		t.constant += h[i]
	}
	for i := range h {
		h[i] *= 2
	}
	for _, c := range q.choices {
		t.linear[c] = h[q.first[c]:][:len(c.bits)]
	}
	return t
}
