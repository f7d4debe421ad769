package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// ReadResult reads what Execute returned, or a part of it that it saved.
func ReadResult(path string) (*Result, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	var r Result
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", path, err)
	}
	if err := r.Spec.Validate(); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", path, err)
	}
	return &r, nil
}

// usable is r without what another spec or program than s and env would not
// make again; nil if nothing is left.
func (r *Result) usable(s *Spec, env Env) (*Result, error) {
	if r == nil || r.Env != env || env.Program == "" || r.Spec.Model != s.Model || r.Spec.Weights != s.Weights || r.Spec.Images != s.Images {
		return nil, nil
	}
	u := &Result{Spec: *s}
	now, before := s.runs(), r.Spec.runs()
	for _, row := range r.Rows {
		named := func(run Run) bool { return run.Name == row.Run }
		i, j := slices.IndexFunc(now, named), slices.IndexFunc(before, named)
		if i < 0 || j < 0 {
			continue
		}
		if same, err := sameJSON(now[i], before[j]); err != nil {
			return nil, err
		} else if same {
			u.Rows = append(u.Rows, row)
		}
	}
	if same, err := sameJSON(r.Spec.Compare, s.Compare); err != nil {
		return nil, err
	} else if same {
		u.Metrics = r.Metrics
	}
	return u, nil
}

// sameJSON compares values that may have been written and read again.
func sameJSON(a, b any) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}

// row is that of a run and seed; nil if there is none.
func (r *Result) row(run Run, seed uint64) *Row {
	if r == nil {
		return nil
	}
	if i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Run == run.Name && row.Seed == seed }); i >= 0 {
		return &r.Rows[i]
	}
	return nil
}

// metrics are the rows of a seed; they are made together.
func (r *Result) metrics(seed uint64) (rows []MetricRow) {
	if r == nil {
		return nil
	}
	for _, row := range r.Metrics {
		if row.Seed == seed {
			rows = append(rows, row)
		}
	}
	return rows
}
