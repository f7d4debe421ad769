package milp

import (
	"fmt"
	"math"
)

// Col identifies a column (variable) of a Model: the number of columns added before it.
type Col int

// Row identifies a row (constraint) of a Model: the number of rows added before it.
type Row int

// Model is a mixed-integer linear program. The zero value is an empty
// minimisation problem. Methods that add to it never fail: mistakes (NaN,
// unknown columns, duplicate entries) are reported by Validate and Solve.
//
// A Model may be solved by several goroutines at once, but not while it is
// being changed.
type Model struct {
	Name     string
	Maximize bool    // maximise the objective instead of minimising it
	Offset   float64 // constant added to the objective

	// Warnings are the reader's remarks on a model from a file: where dialects of the format
	// disagree, and how it read that. Each begins with file and line.
	Warnings []string

	cols []column
	rows []row
	ind  []Col     // columns of all row entries, row after row
	val  []float64 // coefficients, parallel to ind
	err  error     // first mistake made while building

	derived bool // made by presolve: sides that are not integers carry rounding errors
}

type column struct {
	name         string
	lo, hi, cost float64
	integer      bool
	semi         bool // zero is allowed besides lo <= x <= hi
}

type row struct {
	name       string
	lo, hi     float64
	start, end int // entries of the row in ind and val
}

// AddCol adds a column with bounds lo <= x <= hi (infinite where unbounded),
// objective coefficient cost, and integrality.
func (m *Model) AddCol(lo, hi, cost float64, integer bool) Col {
	m.cols = append(m.cols, column{lo: lo, hi: hi, cost: cost, integer: integer})
	return Col(len(m.cols) - 1)
}

// AddRow adds the row lo <= sum a[k]·x[c[k]] <= hi. It copies c and a. Either
// side may be infinite; lo = hi makes an equality. A column may occur once.
func (m *Model) AddRow(lo, hi float64, c []Col, a []float64) Row {
	r := Row(len(m.rows))
	if len(c) != len(a) && m.err == nil {
		m.err = fmt.Errorf("milp: row %d: %d columns but %d coefficients", r, len(c), len(a))
	}
	n := min(len(c), len(a))
	start := len(m.ind)
	m.ind = append(m.ind, c[:n]...)
	m.val = append(m.val, a[:n]...)
	m.rows = append(m.rows, row{lo: lo, hi: hi, start: start, end: len(m.ind)})
	return r
}

// NameCol gives a column the name used in errors and files. It panics if c is not a column of m.
func (m *Model) NameCol(c Col, name string) { m.cols[c].name = name }

// NameRow gives a row the name used in errors and files. It panics if r is not a row of m.
func (m *Model) NameRow(r Row, name string) { m.rows[r].name = name }

// NumCols returns the number of columns.
func (m *Model) NumCols() int { return len(m.cols) }

// NumRows returns the number of rows.
func (m *Model) NumRows() int { return len(m.rows) }

// ColName returns the name of c, or "c" and its number if it has none.
func (m *Model) ColName(c Col) string {
	if n := m.cols[c].name; n != "" {
		return n
	}
	return fmt.Sprintf("c%d", int(c))
}

// RowName returns the name of r, or "r" and its number if it has none.
func (m *Model) RowName(r Row) string {
	if n := m.rows[r].name; n != "" {
		return n
	}
	return fmt.Sprintf("r%d", int(r))
}

// entries returns the columns and coefficients of row r.
func (m *Model) entries(r Row) ([]Col, []float64) {
	s, e := m.rows[r].start, m.rows[r].end
	return m.ind[s:e:e], m.val[s:e:e]
}

// Objective returns Offset plus the sum of cost·x in the model's own sense,
// accumulated with compensation so that its error is that of one rounding.
// It panics if x is shorter than the number of columns.
func (m *Model) Objective(x []float64) float64 {
	var s neumaier
	s.add(m.Offset)
	for j := range m.cols {
		s.add(m.cols[j].cost * x[j])
	}
	return s.sum()
}

// Validate reports the first malformed part of the model: NaN anywhere, an
// infinite coefficient or cost, an entry for a column that does not exist, or
// two entries of a row for one column. Contradictory bounds are not malformed
// but infeasible.
func (m *Model) Validate() error {
	if m.err != nil {
		return m.err
	}
	if !finite(m.Offset) {
		return fmt.Errorf("milp: objective offset is %v; it must be finite", m.Offset)
	}
	for j, c := range m.cols {
		if math.IsNaN(c.lo) || math.IsNaN(c.hi) || !finite(c.cost) {
			return fmt.Errorf("milp: column %s: bounds [%v, %v], cost %v; bounds must be numbers and the cost finite",
				m.ColName(Col(j)), c.lo, c.hi, c.cost)
		}
	}
	for j := range m.cols {
		if err := m.cols[j].checkSemi(); err != nil {
			return fmt.Errorf("milp: column %s %w", m.ColName(Col(j)), err)
		}
	}
	last := make([]int, len(m.cols)) // 1 + the last row with an entry for the column
	for i, r := range m.rows {
		if math.IsNaN(r.lo) || math.IsNaN(r.hi) {
			return fmt.Errorf("milp: row %s: sides [%v, %v] must be numbers", m.RowName(Row(i)), r.lo, r.hi)
		}
		cols, vals := m.entries(Row(i))
		for k, c := range cols {
			switch {
			case c < 0 || int(c) >= len(m.cols):
				return fmt.Errorf("milp: row %s: column %d does not exist (there are %d)", m.RowName(Row(i)), c, len(m.cols))
			case !finite(vals[k]):
				return fmt.Errorf("milp: row %s: coefficient %v of column %s must be finite", m.RowName(Row(i)), vals[k], m.ColName(c))
			case last[c] == i+1:
				return fmt.Errorf("milp: row %s: two entries for column %s; add them up", m.RowName(Row(i)), m.ColName(c))
			}
			last[c] = i + 1
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// neumaier is a compensated sum (Neumaier 1974).
type neumaier struct{ s, c float64 }

func (n *neumaier) add(v float64) {
	t := n.s + v
	if math.Abs(n.s) >= math.Abs(v) {
		n.c += (n.s - t) + v
	} else {
		n.c += (v - t) + n.s
	}
	n.s = t
}

func (n *neumaier) sum() float64 { return n.s + n.c }

// AddSemiCol adds a semi-continuous column (semi-integer if integer): x is 0 or
// lo <= x <= hi, with 0 <= lo.
func (m *Model) AddSemiCol(lo, hi, cost float64, integer bool) Col {
	m.cols = append(m.cols, column{lo: lo, hi: hi, cost: cost, integer: integer, semi: true})
	return Col(len(m.cols) - 1)
}

// checkSemi reports bounds that a semi-continuous column may not have.
func (c *column) checkSemi() error {
	if c.semi && c.lo < 0 {
		return fmt.Errorf("is semi-continuous with lower bound %v; it must not be negative", c.lo)
	}
	return nil
}

// byColumn returns the entries of the rows by column: those of column j are
// rows[start[j]:start[j+1]] with the values in val, in the order of the rows.
func (m *Model) byColumn() (start []int, rows []Row, val []float64) {
	start = make([]int, len(m.cols)+2)
	for _, c := range m.ind {
		start[c+2]++
	}
	for j := range m.cols {
		start[j+2] += start[j+1]
	}
	rows, val = make([]Row, len(m.ind)), make([]float64, len(m.ind))
	for i := range m.rows {
		cols, a := m.entries(Row(i))
		for k, c := range cols {
			rows[start[c+1]], val[start[c+1]] = Row(i), a[k]
			start[c+1]++
		}
	}
	return start[:len(m.cols)+1], rows, val
}
