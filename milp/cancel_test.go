package milp

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// countdown is a context that ends when it has been looked at a number of times.
type countdown struct {
	context.Context
	looks int
}

func (c *countdown) Err() error {
	if c.looks--; c.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestEndAnywhere ends the search at each of its looks at the context: what it
// returns must check, and its bound must hold.
func TestEndAnywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	models := map[string]*Model{"two knapsacks": hardTwoKnapsacks(60), "general": fixedCharge(r, 9)}
	one := hardTwoKnapsacks(300)
	one.rows = one.rows[:len(one.rows)-1]
	models["one knapsack"] = one
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			best := solveChecked(t, m).Objective
			known := false
			for looks, step := 0, 1; ; looks, step = looks+step, 1+looks/8 {
				got, err := m.Solve(&countdown{context.Background(), looks}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if err := got.Check(m); err != nil {
					t.Fatalf("after %d looks: %v", looks, err)
				}
				if got.Status == Optimal {
					break
				}
				if tol := 1e-9 * math.Abs(best); got.Status != TimeLimit || got.Bound > best+tol || got.Objective < best-tol {
					t.Fatalf("after %d looks: %v, objective %v, bound %v; the optimum is %v",
						looks, got.Status, got.Objective, got.Bound, best)
				}
				if known && got.X == nil {
					t.Fatalf("after %d looks: no solution, but there was one before", looks)
				}
				known = got.X != nil
			}
			if !known {
				t.Error("no solution was known before the optimum was proven")
			}
		})
	}
}

// fixedCharge ships goods from n plants, each opened at a cost, to n places.
func fixedCharge(r *rand.Rand, n int) *Model {
	m := new(Model)
	inf := math.Inf(1)
	open := make([]Col, n)
	for i := range open {
		open[i] = m.AddCol(0, 1, 50+float64(r.IntN(50)), true)
	}
	into := make([][]Col, n)
	for i := range n {
		cols, a := []Col{open[i]}, []float64{-40}
		for p := range n {
			c := m.AddCol(0, inf, float64(1+r.IntN(20)), false)
			into[p] = append(into[p], c)
			cols, a = append(cols, c), append(a, 1)
		}
		m.AddRow(-inf, 0, cols, a)
	}
	for p := range n {
		a := make([]float64, n)
		for i := range a {
			a[i] = 1
		}
		m.AddRow(float64(8+r.IntN(8)), inf, into[p], a)
	}
	return m
}

// TestCancelSoon cancels the solution of 10,000 groups at several moments. It takes
// less than 50 ms on an idle machine; the limit leaves room for busy ones.
func TestCancelSoon(t *testing.T) {
	m := hardTwoKnapsacks(10_000)
	for _, d := range []time.Duration{0, 5, 10, 20, 40, 80, 160} {
		ctx, cancel := context.WithTimeout(context.Background(), d*time.Millisecond)
		r, err := m.Solve(ctx, Options{})
		deadline, _ := ctx.Deadline()
		late := time.Since(deadline)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if r.Status == TimeLimit && late > 500*time.Millisecond {
			t.Errorf("returned %v after the end of a context of %v", late, d*time.Millisecond)
		}
	}
}
