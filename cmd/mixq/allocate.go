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
	var limit limits
	var rules ruleList
	var out string
	var o output
	c := &cobra.Command{
		Use:   "allocate SENS.json",
		Short: "Choose the bits of every layer within budgets",
		Long: `Choose the bit-widths of weights and activations so that the sum of
sensitivities is least within all budgets, exactly, and print the choice with the
proof of its optimality. Widths of activations are chosen among those that mixq
sensitivity was given with --act-bits, and --rule chooses among what was measured.
Sensitivities of --metric fisher-pairs have the interactions of layers, which
are reckoned with; the choice is then proved up to 0.1 %, or the gap is printed.
If the budgets cannot be met together, the
error tells how far each would have to give way.`,
		Example: `  mixq sensitivity --out sens.json && mixq allocate sens.json --budget 10.67x
  mixq allocate sens.json --budget 8x --bops-budget 1.2G --tie 'layer1.*' --rule 'fc:min=3'
  mixq allocate sens.json --budget 8x --latency-budget 9ms --latency-table latency.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			sens, err := readSensitivities(args[0])
			if err != nil {
				return err
			}
			limits, err := limit.apply(false)
			if err != nil {
				return err
			}
			if sens, err = sens.Restrict(rules); err != nil {
				return err
			}
			plan, err := quantize.Allocate(c.Context(), sens, limits)
			if err != nil {
				return nameBudgets(err)
			}
			if out != "" {
				if err := quantize.SaveJSON(out, plan); err != nil {
					return err
				}
			}
			return o.print(c.OutOrStdout(), plan, func(w io.Writer) { printPlan(w, sens, plan) })
		},
	}
	limit.addFlags(c.Flags())
	rules.addFlag(c.Flags())
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

// printPlan has a line for every layer, with the bits of its weights and of its
// input.
func printPlan(w io.Writer, sens *quantize.SensTable, p *quantize.Plan) {
	acts := map[string]string{}
	for _, a := range p.Acts {
		acts[a.Value] = fmt.Sprint(a.Bits)
	}
	var t table
	t.row("layer", "bits", "input")
	for i, l := range p.Layers {
		t.row(l.Layer, fmt.Sprint(l.Bits), acts[sens.Layers[i].Input])
	}
	t.print(w)
	fmt.Fprintln(w)
	for _, s := range p.Budgets {
		fmt.Fprintf(w, "budget %v: %d of %d %s\n", s.Budget, s.Used, s.Capacity, s.Budget.Counts())
	}
	fmt.Fprintf(w, "%s bit operations and %s kB of activations for an image\n", amount(p.BOPs), kilo(p.Memory))
	fmt.Fprintf(w, "objective %.6g, bound %.6g (%v)%s\n", p.Objective, p.Bound, p.Status, latencyText(p.Latency))
}
