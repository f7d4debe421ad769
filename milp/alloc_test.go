package milp

import (
	"context"
	"math"
	"testing"
	"time"
)

func TestAllocations(t *testing.T) {
	for _, e := range expectations(t, "alloc") {
		a := readAllocation(t, e.Name)
		if a == nil {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			m := a.model()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			t0 := time.Now()
			r, err := m.Solve(ctx, Options{})
			dt := time.Since(t0)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Check(m); err != nil {
				t.Error(err)
			}
			t.Logf("%v %.12g cert %.12g nodes %d iters %d %v", r.Status, r.Objective, r.Certificate.Bound, r.Nodes, r.Iters, dt)
			if r.Status.String() != e.Status {
				t.Fatalf("status %v, want %v", r.Status, e.Status)
			}
			if e.Objective != nil && math.Abs(r.Objective-*e.Objective) > 1e-9**e.Objective {
				t.Fatalf("objective %.12g, want %.12g", r.Objective, *e.Objective)
			}
		})
	}
}
