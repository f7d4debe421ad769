package milp

import "fmt"

// Status says what Solve established.
type Status uint8

// The outcomes of Solve. Each says what X and Bound of the Result mean.
const (
	// Optimal: X is feasible and no solution is better than Objective by more
	// than Options.Gap; Bound is the proven limit.
	Optimal Status = iota + 1
	// Feasible: X is feasible, the search ended before its optimality was proven.
	Feasible
	// Infeasible: there is no solution. X is nil.
	Infeasible
	// Unbounded: the objective improves without limit. X is a feasible point if one is known.
	Unbounded
	// TimeLimit: the context ended first. X is the best solution found, or nil.
	TimeLimit
	// NodeLimit: Options.Nodes was reached first. X is the best solution found, or nil.
	NodeLimit
	// NumericalTrouble: rounding errors made the answer untrustworthy.
	NumericalTrouble
)

var statusNames = [...]string{"invalid", "optimal", "feasible", "infeasible", "unbounded", "timelimit", "nodelimit", "numericaltrouble"}

// String returns the status in lower case, as files and command lines print it.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Status) UnmarshalText(b []byte) error {
	for i, name := range statusNames {
		if i > 0 && name == string(b) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("milp: unknown status %q", b)
}

// Result is the outcome of Solve. Objective and Bound are in the sense of the
// model (with its Offset): Bound <= Objective when minimising, Bound >=
// Objective when maximising. Where nothing is known they are infinite.
type Result struct {
	Status      Status
	X           []float64 // one value per column; integer columns hold exact integers
	Objective   float64
	Bound       float64
	Nodes       int64 // search nodes, or dynamic-programming states
	Iters       int64 // simplex iterations or multiplier updates
	Certificate Certificate
}

// Gap returns |Objective - Bound| / max(1e-10, |Objective|), the relative gap;
// infinite without a solution or a bound.
func (r *Result) Gap() float64 { return relGap(r.Objective, r.Bound) }

// CertificateKind tells how a Certificate is to be read.
type CertificateKind uint8

const (
	// NoCertificate: the claim rests on the search alone.
	NoCertificate CertificateKind = iota
	// Lagrangian: Rows[i] >= 0 is the price of the upper side of a knapsack row (negative: of
	// its lower side) in the sense of minimising. The least objective + price·(activity - side)
	// over one option per group is Bound. Only the options count that fit a capacity beside the
	// lightest of all other groups, and a capacity is the largest activity not above the side that
	// is congruent to the least one modulo the common divisor of the weights.
	Lagrangian
	// Surrogate: the least sum of price·(activity - side) over all choices is positive, with
	// prices Rows as above, so no choice satisfies the rows. It proves Infeasible.
	Surrogate
	// Dual: Rows are multipliers of the rows of the linear relaxation, in the sense of
	// minimising. Bound is the sum of multiplier·side and reduced cost·bound, each with the side
	// that makes it least.
	Dual
	// Farkas: Rows combine the rows to one that the bounds of the columns contradict: the sum as
	// above, without the objective, is positive. It proves Infeasible.
	Farkas
	// Ray: Cols is a direction that keeps all rows and bounds and improves the objective. From
	// a feasible X it proves Unbounded.
	Ray
)

// Certificate is evidence for a Result that needs no trust in the search.
type Certificate struct {
	Kind  CertificateKind
	Rows  []float64 // one number per row of the model, for all kinds but Ray
	Cols  []float64 // one number per column, for Ray
	Bound float64   // the bound the evidence proves, in the sense of the model
}
