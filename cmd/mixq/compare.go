package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mixq/bench"
)

func newBenchCompare() *cobra.Command {
	var rounds int
	var o output
	c := &cobra.Command{
		Use:   "compare COMMAND COMMAND",
		Short: "Compare the latencies that two programs measure",
		Long: `Run two command lines of the shell in turn, several times, and print the ratio
of the medians of what they measure. Each prints a JSON object with median_ms
and, if it can, cpu_min_ms, as bench latency --json does.`,
		Example: `  mixq bench compare 'mixq bench latency resnet18.mixq --threads 1 --json' 'node peer.js resnet18.onnx --threads 1'
  mixq bench compare 'mixq bench latency n.mixq --json' 'MIXQ_ISA=avx2 mixq bench latency n.mixq --json'`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := bench.CompareLatency(c.Context(), [2]string(args), rounds)
			if err != nil {
				return err
			}
			return o.print(c.OutOrStdout(), r, func(w io.Writer) { printComparison(w, r) })
		},
	}
	c.Flags().IntVar(&rounds, "rounds", 5, "runs of each command line")
	o.addFlag(c.Flags())
	return c
}

func printComparison(w io.Writer, c *bench.LatencyComparison) {
	var t table
	t.row("ms", "first", "second", "second/first")
	for i, r := range c.Rounds {
		t.row(fmt.Sprintf("round %d", i+1), fmt.Sprintf("%.3f", r[0].Median), fmt.Sprintf("%.3f", r[1].Median), fmt.Sprintf("%.2f", r[1].Median/r[0].Median))
	}
	t.row("median", fmt.Sprintf("%.3f", c.Median[0]), fmt.Sprintf("%.3f", c.Median[1]), fmt.Sprintf("%.2f", c.Ratio))
	if c.CPURatio > 0 {
		t.row("least processor time", fmt.Sprintf("%.3f", c.CPUMin[0]), fmt.Sprintf("%.3f", c.CPUMin[1]), fmt.Sprintf("%.2f", c.CPURatio))
	}
	t.print(w)
}
