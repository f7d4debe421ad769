package quantize

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits are what an allocation must keep to, besides the candidates.
type Limits struct {
	Budgets []Budget      `json:",omitempty"` // all of them at once; of one resource there may be several
	Ties    []Tie         `json:",omitempty"`
	Table   *LatencyTable `json:",omitempty"` // what budgets of the latency go by; without one it only predicts
}

func (l Limits) validate() error {
	for _, b := range l.Budgets {
		if err := b.validate(); err != nil {
			return err
		}
		if b.Resource() == Latency && l.Table == nil {
			return fmt.Errorf("quantize: budget %v needs a latency table", b)
		}
	}
	if l.Table == nil {
		return nil
	}
	return l.Table.validate()
}

// with is l with one more budget.
func (l Limits) with(b Budget) Limits {
	l.Budgets = append(slices.Clone(l.Budgets), b)
	return l
}

// feasible fails if no choice of the candidates of sens keeps to the limits.
// The sensitivities themselves are not looked at.
func (l Limits) feasible(ctx context.Context, sens *SensTable) error {
	p, err := newProgram(sens, l)
	if err != nil {
		return err
	}
	_, _, err = p.solve(ctx, p.rows, objective{})
	return p.explain(ctx, err)
}

// InfeasibleError says that no choice of bits keeps to all budgets.
type InfeasibleError struct{ Budgets []Reachable }

// Reachable is what can be had in place of a budget that cannot be met.
type Reachable struct {
	Asked Budget
	Least Budget // with the other budgets held
	Alone bool   // the other budgets exclude each other: Least is without them
}

func (e *InfeasibleError) Error() string {
	asked, least := make([]string, len(e.Budgets)), make([]string, len(e.Budgets))
	for i, b := range e.Budgets {
		asked[i], least[i] = b.Asked.String(), b.Least.String()
		if b.Alone {
			least[i] += " (alone, for the others exclude each other)"
		}
	}
	if len(e.Budgets) == 1 {
		return fmt.Sprintf("quantize: budget %s is impossible: with these candidate bits %s is the nearest; ask for no less or allow other bits", asked[0], least[0])
	}
	return fmt.Sprintf("quantize: budgets %s are impossible together: with these candidate bits and the other budgets as they are, the nearest are %s; ask for one of these or allow other bits",
		strings.Join(asked, ", "), strings.Join(least, ", "))
}

// errInfeasible is what a program without solution is solved with.
var errInfeasible = errors.New("quantize: infeasible")

// explain turns errInfeasible into an *InfeasibleError.
func (p *program) explain(ctx context.Context, err error) error {
	if err != errInfeasible {
		return err
	}
	e := &InfeasibleError{}
	for i, r := range p.rows {
		n := Reachable{Asked: r.budget}
		others := slices.Delete(slices.Clone(p.rows), i, i+1)
		s, _, err := p.solve(ctx, others, objective{cost: r.cost})
		if err == errInfeasible {
			n.Alone = true
			s, _, err = p.solve(ctx, nil, objective{cost: r.cost})
		}
		if err != nil {
			return err
		}
		n.Least = r.budget.reaching(p.spent(r.cost, s), p.table)
		e.Budgets = append(e.Budgets, n)
	}
	return e
}
