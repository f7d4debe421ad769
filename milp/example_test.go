package milp_test

import (
	"context"
	"fmt"
	"math"
	"strings"

	"mixq/milp"
)

// Three parts each take one of two materials: the heavy one costs less. At
// most one part may be heavy.
func ExampleModel_Solve() {
	cost := [][2]float64{{5, 1}, {4, 2}, {9, 3}}
	var m milp.Model
	var heavy []milp.Col
	for _, c := range cost {
		light := m.AddCol(0, 1, c[0], true)
		h := m.AddCol(0, 1, c[1], true)
		m.AddRow(1, 1, []milp.Col{light, h}, []float64{1, 1})
		heavy = append(heavy, h)
	}
	m.AddRow(math.Inf(-1), 1, heavy, []float64{1, 1, 1})
	r, err := m.Solve(context.Background(), milp.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Status, r.Objective, r.X)
	fmt.Println(r.Certificate.Kind == milp.Lagrangian, r.Certificate.Bound, r.Check(&m))
	// Output:
	// optimal 12 [1 0 1 0 0 1]
	// true 12 <nil>
}

// A mix of two products, read from text: the dual of a row is what one more
// unit of its side is worth.
func ExampleReadLP() {
	m, err := milp.ReadLP("mix.lp", strings.NewReader(`
Maximize profit: 3 x + 5 y
Subject To
 machine: 2 y <= 12
 labour: 3 x + 2 y <= 18
Bounds
 x <= 4
End`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := m.Solve(context.Background(), milp.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Status, r.Objective, r.X)
	fmt.Println("bound proven by the duals:", r.Certificate.Bound, r.Check(m))
	// Output:
	// optimal 36 [2 6]
	// bound proven by the duals: 36 <nil>
}
