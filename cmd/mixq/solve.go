package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mixq/milp"
)

func newSolve() *cobra.Command {
	var s solve
	var o output
	c := &cobra.Command{
		Use:   "solve FILE",
		Short: "Solve a linear or mixed-integer program",
		Long: `Solve a linear or mixed-integer program in MPS (.mps) or CPLEX LP (.lp) format,
compressed with gzip or not, to a proven optimum. What is known when the time is
up is reported with its bound.`,
		Example: `  mixq solve model.mps.gz
  mixq solve model.lp --time 60 --gap 1e-4 --sol model.sol`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := s.run(c.Context(), args[0], c.ErrOrStderr())
			if err != nil {
				return err
			}
			return o.print(c.OutOrStdout(), r, r.print)
		},
	}
	c.Flags().Float64Var(&s.time, "time", 0, "seconds after which the search ends (0: no limit)")
	c.Flags().Float64Var(&s.gap, "gap", 0, "relative gap between objective and bound at which the search may end")
	c.Flags().StringVar(&s.sol, "sol", "", "file to write the solution to")
	o.addFlag(c.Flags())
	return c
}

// solve holds the flags of the command.
type solve struct {
	time, gap float64
	sol       string
}

// solved is the outcome of a search.
type solved struct {
	Status     milp.Status `json:"status"`
	Objective  number      `json:"objective"`
	Bound      number      `json:"bound"`
	Gap        number      `json:"gap"`
	Nodes      int64       `json:"nodes"`
	Iterations int64       `json:"iterations"`
	Seconds    float64     `json:"seconds"`
}

// number is null in JSON when it is infinite.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

func (n number) String() string {
	return strings.ToLower(strconv.FormatFloat(float64(n), 'g', -1, 64))
}

func (s solve) run(ctx context.Context, file string, stderr io.Writer) (*solved, error) {
	start := time.Now()
	if !(s.time >= 0) {
		return nil, fmt.Errorf("--time %v must not be negative", s.time)
	}
	if limit := time.Duration(min(s.time, 1e9) * float64(time.Second)); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	m, err := milp.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for _, w := range m.Warnings {
		fmt.Fprintln(stderr, "warning:", w)
	}
	r, err := m.Solve(ctx, milp.Options{Gap: s.gap, Progress: everySecond(stderr, start)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if s.sol != "" {
		if err := writeSolution(s.sol, m, r); err != nil {
			return nil, err
		}
	}
	return &solved{r.Status, number(r.Objective), number(r.Bound), number(r.Gap()), r.Nodes, r.Iters, time.Since(start).Seconds()}, nil
}

// everySecond reports progress as lines, at most one per second.
func everySecond(w io.Writer, start time.Time) func(milp.Progress) {
	next := time.Second
	return func(p milp.Progress) {
		if t := time.Since(start); t >= next {
			next = t + time.Second
			fmt.Fprintf(w, "%4.0f s  %d nodes  %d iterations  objective %v  bound %v\n",
				t.Seconds(), p.Nodes, p.Iters, number(p.Objective), number(p.Bound))
		}
	}
}

func writeSolution(path string, m *milp.Model, r milp.Result) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := m.WriteSolution(f, r); err != nil {
		f.Close()
		os.Remove(path)
		return err
	}
	return f.Close()
}

func (r *solved) print(w io.Writer) {
	fmt.Fprintf(w, "status: %v\nobjective: %v\nbound: %v\ngap: %v\nnodes: %d\niterations: %d\nseconds: %.3f\n",
		r.Status, r.Objective, r.Bound, r.Gap, r.Nodes, r.Iterations, r.Seconds)
}
