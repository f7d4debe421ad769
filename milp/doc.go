// Package milp solves mixed-integer linear programs: minimise or maximise a
// linear objective over rows lo <= a·x <= hi with bounded, partly integer
// columns.
//
// A [Model] is plain data: columns, then rows over them. [Model.Solve] returns
// a [Result] whose claims [Result.Check] recomputes from the model alone.
// Outcomes such as Infeasible or TimeLimit are a [Status]; an error means the
// model is malformed or outside what the package solves, and names the row or
// column at fault. No answer is ever heuristic without saying so: Optimal
// means proven.
//
// # Linear and mixed-integer programs
//
// Models without integer columns are solved by a bounded dual simplex method,
// others by branch and bound on their linear relaxation, within the tolerances
// of Check: a proven optimum is one up to these, unlike that of a knapsack.
// Results carry the multipliers of the rows (infeasible ones: multipliers that
// combine the rows to a contradiction; unbounded ones: a ray) as certificates.
//
// # Multiple-choice knapsacks
//
// Models whose columns are binary and fall into groups of which one option is
// chosen (rows sum x = 1 or sum x <= 1; a lone column is a group of its own),
// restricted by up to [MaxKnapsacks] knapsack rows and any number of rows that
// touch few groups, are recognised whatever the order of their rows and
// columns. Knapsack rows are then integers: a coefficient must be the float64
// nearest to k/s for an int64 k and one power of ten or two s per row, sums are
// exact in int64, and a solution that exceeds a capacity by one unit is not a
// solution. Costs are rounded once to a grid of 2^-61 of their sum, on which
// all comparisons are exact; costs that lie on the grid (integers, say) are
// never rounded. Optimal therefore means: no other choice is better by more
// than half a grid step per group.
//
// The certificate of such a result is the choice X and one multiplier per row:
// relaxing the knapsack rows with these multipliers gives, by a minimum over
// each group, a lower bound that anyone can recompute (Check does). It proves
// X optimal up to the gap between the two; that nothing lies inside that gap
// rests on the exhaustive search. When it is zero the certificate proves
// optimality by itself.
//
// Results are deterministic: they depend on the model and the options, never
// on clocks or on GOMAXPROCS, unless a deadline stops the search.
package milp
