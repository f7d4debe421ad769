package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"

	"mixq/milp"
)

// ilp is a program as a model of package milp: a binary column for each option,
// of which one of each pair is taken. A choice that is part of several pairs, or of
// none, has a column for each of its widths as well, and rows that link them:
// such a column is the sum of the columns of each pair's options with that width.
type ilp struct {
	milp.Model
	*program
	goal objective
	own  map[*choice][]milp.Col // by width
}

// objective is what is minimised: a linear function and the most that cuts say, or
// what is spent of a resource; the zero value is nothing.
type objective struct {
	linear
	cuts   []cut
	cost   cost
	search milp.Options
	start  solution // of the search; may be nil
}

// solve finds the best solution within the rows. If there is none, the error is
// errInfeasible.
func (p *program) solve(ctx context.Context, rows []row, goal objective) (solution, milp.Result, error) {
	m := ilp{program: p, goal: goal, own: map[*choice][]milp.Col{}}
	m.addOptions()
	m.addChoices()
	for _, r := range rows {
		m.addBudget(r)
	}
	m.addCuts()
	if goal.start != nil {
		m.goal.search.Start = m.point(goal.start)
	}
	r, err := m.Solve(ctx, m.goal.search)
	switch {
	case err != nil:
	case r.Status == milp.Infeasible:
		return nil, r, errInfeasible
	case r.X == nil:
		err = fmt.Errorf("ended as %v without a solution", r.Status)
	default:
		err = r.Check(&m.Model)
	}
	if err != nil {
		return nil, r, fmt.Errorf("quantize: allocation: %w", err)
	}
	return m.solution(r.X), r, nil
}

// addOptions adds a column for each option, and a row for each pair.
func (m *ilp) addOptions() {
	var cols []milp.Col
	for i, o := range m.options {
		goal := float64(m.program.cost(m.goal.cost, o)) + m.goal.alone(o)
		c := m.AddCol(0, 1, goal, true)
		m.NameCol(c, fmt.Sprintf("%s=%d/%d", o.weight.names[0], o.w, o.a))
		cols = append(cols, c)
		if i+1 == len(m.options) || m.options[i+1].pair != o.pair {
			m.chooseOne(cols, o.weight.names[0])
			cols = nil
		}
	}
}

// alone is what an option adds to a linear function by choices that are part of
// no other pair.
func (l linear) alone(o option) float64 {
	sum := 0.0
	if o.weight.pairs == 1 {
		sum += l.at(o.weight, o.w)
	}
	if o.act != nil && o.act.pairs == 1 {
		sum += l.at(o.act, o.a)
	}
	return sum
}

// at is the number of width i of c.
func (l linear) at(c *choice, i int) float64 {
	if l[c] == nil {
		return 0
	}
	return l[c][i]
}

// chooseOne adds the row that takes one of cols.
func (m *ilp) chooseOne(cols []milp.Col, name string) {
	m.NameRow(m.AddRow(1, 1, cols, slices.Repeat([]float64{1}, len(cols))), name)
}

// addChoices adds the columns of choices that have their own.
func (m *ilp) addChoices() {
	for _, c := range m.choices {
		switch {
		case c.pairs == 1:
			continue
		case len(c.bits) == 1:
			m.Offset += m.goal.at(c, 0)
			continue
		}
		for i, b := range c.bits {
			col := m.AddCol(0, 1, m.goal.at(c, i), true)
			m.NameCol(col, fmt.Sprintf("%s=%d", c.names[0], b))
			m.own[c] = append(m.own[c], col)
		}
		m.chooseOne(m.own[c], c.names[0])
		m.link(c)
	}
}

// link adds the rows that make the options of all pairs agree on the width of c.
func (m *ilp) link(c *choice) {
	var last *pair
	for _, o := range m.options {
		if o.pair == last || o.weight != c && o.act != c {
			continue
		}
		last = o.pair
		for i, col := range m.own[c] {
			cols, coef := []milp.Col{col}, []float64{-1}
			for k, other := range m.options {
				if other.pair == o.pair && (c == o.weight && other.w == i || c == o.act && other.a == i) {
					cols, coef = append(cols, milp.Col(k)), append(coef, 1)
				}
			}
			m.NameRow(m.AddRow(0, 0, cols, coef), fmt.Sprintf("%s of %s", m.ColName(col), o.weight.names[0]))
		}
	}
}

// addBudget adds the row of a budget.
func (m *ilp) addBudget(r row) {
	var cols []milp.Col
	var costs []float64
	if r.cost.layer != nil {
		for i, o := range m.options {
			cols, costs = append(cols, milp.Col(i)), append(costs, float64(m.program.cost(r.cost, o)))
		}
	}
	m.NameRow(m.AddRow(math.Inf(-1), float64(r.capacity-r.cost.fixed), cols, costs), r.budget.String())
}

// addCuts adds a column that is at least what every cut says, and nothing.
func (m *ilp) addCuts() {
	if len(m.goal.cuts) == 0 {
		return
	}
	most := m.AddCol(0, math.Inf(1), 1, false)
	m.NameCol(most, "interactions")
	for i, c := range m.goal.cuts {
		cols, coef := []milp.Col{most}, []float64{-1}
		add := func(col milp.Col, v float64) {
			if v != 0 {
				cols, coef = append(cols, col), append(coef, v)
			}
		}
		constant := c.constant
		for k, o := range m.options {
			add(milp.Col(k), c.alone(o))
		}
		for _, ch := range m.choices {
			for k, col := range m.own[ch] {
				add(col, c.at(ch, k))
			}
			if ch.pairs != 1 && len(ch.bits) == 1 {
				constant -= c.at(ch, 0)
			}
		}
		m.NameRow(m.AddRow(math.Inf(-1), constant, cols, coef), fmt.Sprintf("cut %d", i))
	}
}

// point is what solution reads s off: the columns that s takes are 1.
func (m *ilp) point(s solution) []float64 {
	x := make([]float64, m.NumCols())
	for i, o := range m.options {
		if s[o.weight] == o.w && (o.act == nil || s[o.act] == o.a) {
			x[i] = 1
		}
	}
	for c, own := range m.own {
		x[own[s[c]]] = 1
	}
	for _, c := range m.goal.cuts {
		v := -c.constant
		for _, ch := range m.choices {
			v += c.at(ch, s[ch])
		}
		x[len(x)-1] = max(x[len(x)-1], v)
	}
	return x
}

// solution reads the widths off the columns that are 1.
func (m *ilp) solution(x []float64) solution {
	s := solution{}
	for i, o := range m.options {
		if x[i] == 1 {
			s[o.weight] = o.w
			if o.act != nil {
				s[o.act] = o.a
			}
		}
	}
	for c, own := range m.own {
		s[c] = slices.IndexFunc(own, func(j milp.Col) bool { return x[j] == 1 })
	}
	return s
}
