package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mixq/quantize"
)

func newAllocate() *cobra.Command {
	var budget quantize.Budget
	var out string
	var o output
	var limit latency
	c := &cobra.Command{
		Use:   "allocate SENS.json",
		Short: "Choose the bits of every layer within a budget",
		Long: `Choose the bit-width of every layer so that the sum of sensitivities is least
within a budget, exactly, and print the choice with the proof of its optimality.
--latency-budget limits the time of a run, by --latency-table.`,
		Example: `  mixq sensitivity --out sens.json && mixq allocate sens.json --budget 10.67x
  mixq allocate sens.json --budget 8x --latency-budget 9ms --latency-table latency.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			sens, err := readSensitivities(args[0])
			if err != nil {
				return err
			}
			limits := quantize.Limits{Size: budget, Overhead: sens.Overhead}
			if err := limit.apply(c.Flags(), &limits.Size, &limits.Latency); err != nil {
				return err
			}
			plan, err := quantize.Allocate(c.Context(), sens, limits)
			if err != nil {
				return nameBudget(err)
			}
			if out != "" {
				if err := quantize.SaveJSON(out, plan); err != nil {
					return err
				}
			}
			return o.print(c.OutOrStdout(), plan, func(w io.Writer) { printPlan(w, plan) })
		},
	}
	c.Flags().TextVar(&budget, "budget", quantize.Budget{Kind: quantize.Compression, Value: 8}, "limit of the `SIZE`: 8x, 4.0b or 150kB")
	limit.addFlags(c.Flags())
	c.Flags().StringVar(&out, "out", "", "`FILE`.json to write")
	o.addFlag(c.Flags())
	return c
}

// readSensitivities reads what the sensitivity command wrote.
func readSensitivities(path string) (*quantize.SensTable, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var sens quantize.SensTable
	if err := json.Unmarshal(b, &sens); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(sens.Layers) == 0 {
		return nil, fmt.Errorf("%s: no sensitivities; want a file of mixq sensitivity --out", path)
	}
	return &sens, nil
}

func printPlan(w io.Writer, p *quantize.Plan) {
	var t table
	t.row("layer", "bits")
	for _, l := range p.Layers {
		t.row(l.Layer, fmt.Sprint(l.Bits))
	}
	t.print(w)
	fmt.Fprintln(w)
	if p.Budget.Kind != quantize.NoBudget {
		unit := "bits of codes"
		if p.Budget.Kind == quantize.FileBytes {
			unit = "bytes of the file"
		}
		fmt.Fprintf(w, "budget %v: %d of %d %s\n", p.Budget, p.Used, p.Capacity, unit)
	}
	fmt.Fprintf(w, "objective %.6g, bound %.6g (%v)%s\n", p.Objective, p.Bound, p.Status, latencyText(p.Latency))
}
