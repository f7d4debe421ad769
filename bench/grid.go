package bench

import (
	"slices"
	"strings"

	"mixq/quantize"
)

// Grid stands for a run of every combination of its lists. What a list leaves
// open, because it is empty, is as the embedded Run says. The name of that Run
// begins the names of all, which go on with what tells them apart.
type Grid struct {
	Run
	Metrics   []quantize.Metric   `json:",omitempty"`
	Roundings []quantize.Rounding `json:",omitempty"`
	Budgets   []quantize.Budget   `json:",omitempty"`
}

// runs lists the combinations, the last list changing fastest.
func (g Grid) runs() []Run {
	out := []Run{g.Run}
	out = vary(out, g.Metrics, func(r *Run, m quantize.Metric) string { r.Metric = m; return m.String() })
	out = vary(out, g.Roundings, func(r *Run, v quantize.Rounding) string { r.Rounding = v; return v.String() })
	return vary(out, g.Budgets, func(r *Run, b quantize.Budget) string { r.Budget = b; return b.String() })
}

// vary makes a run with every one of values out of each of runs; set puts a
// value into a run and returns its name. Without values nothing changes.
func vary[T any](runs []Run, values []T, set func(*Run, T) string) (out []Run) {
	if len(values) == 0 {
		return runs
	}
	for _, r := range runs {
		for _, v := range values {
			next := r
			name := set(&next, v)
			next.Name = strings.TrimPrefix(r.Name+", "+name, ", ")
			out = append(out, next)
		}
	}
	return out
}

// runs lists those of the spec and of its grids.
func (s *Spec) runs() []Run {
	out := slices.Clone(s.Runs)
	for _, g := range s.Grids {
		out = append(out, g.runs()...)
	}
	return out
}
