package milp

// reduction is a step of presolve that removed a column; undo computes its
// value from those of the columns that were left.
type reduction interface {
	undo(x []float64)
}

// fixed is a column with only one useful value.
type fixed struct {
	col   Col
	value float64
}

func (f fixed) undo(x []float64) { x[f.col] = f.value }

// substituted is a column that an equation determines: con + sum of terms.
type substituted struct {
	col   Col
	con   float64
	terms []entry
}

func (s substituted) undo(x []float64) {
	v := s.con
	for _, e := range s.terms {
		v += e.val * x[e.col]
	}
	x[s.col] = v
}

// entry is a coefficient of a column.
type entry struct {
	col Col
	val float64
}
