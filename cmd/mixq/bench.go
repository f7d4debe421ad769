package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mixq/bench"
	"mixq/infer"
	"mixq/nn"
)

func newBench() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure latency and kernels, compare, or run an experiment again",
		Example: `  mixq bench latency resnet20.mixq --threads 1 --runs 50
  mixq bench kernels --model resnet18 --out latency.json
  mixq bench run bench/specs/resnet20.json --weights resnet20.th --data cifar10:DIR --out bench/results/resnet20.json
  mixq bench report bench/results > docs/results.md`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newBenchLatency(), newBenchKernels(), newBenchCompare(), newBenchRun(), newBenchReport())
	return c
}

func newBenchLatency() *cobra.Command {
	var m model
	var weights string
	var seed uint64
	var batch, threads, runs int
	var exact bool
	var o output
	c := &cobra.Command{
		Use:   "latency [FILE.mixq]",
		Short: "Measure how long a network takes",
		Long: `Run a .mixq file in integer arithmetic, or a network in float32, on noise and
print times, memory and multiply-accumulates per second.`,
		Example: `  mixq bench latency resnet20.mixq --threads 1 --runs 50
  mixq bench latency --model resnet18 --random-weights 1 --threads 1 --json
  mixq bench latency --model resnet18.onnx`,
		Args: fileOrModel,
		RunE: func(c *cobra.Command, args []string) error {
			mode := infer.Integer
			open := func() (*infer.Program, error) {
				return infer.Open(args[0], infer.Options{Batch: batch, Threads: threads})
			}
			if len(args) == 0 {
				mode = infer.Float
				open = func() (*infer.Program, error) {
					g, err := floatNetwork(m, weights, seed)
					if err != nil {
						return nil, err
					}
					return compileFloat(g, batch, threads, exact)
				}
			}
			l, err := bench.MeasureLatency(c.Context(), open, batch, threads, runs)
			if err != nil {
				return err
			}
			l.Mode = mode.String()
			return o.print(c.OutOrStdout(), l, func(w io.Writer) { printLatency(w, l) })
		},
	}
	f := c.Flags()
	f.Var(&m, "model", "network (see mixq models), or FILE.onnx, which has its own weights")
	f.StringVar(&weights, "weights", "", "`FILE` of trained weights; without it the weights are random")
	f.Uint64Var(&seed, "random-weights", 1, "`SEED` of random weights")
	f.IntVar(&batch, "batch", 1, "images of one run")
	f.IntVar(&runs, "runs", 30, "runs to measure")
	addThreads(f, &threads)
	addExact(f, &exact)
	o.addFlag(f)
	c.MarkFlagsMutuallyExclusive("weights", "random-weights")
	return c
}

func printLatency(w io.Writer, l *bench.Latency) {
	fmt.Fprintf(w, "%s, %s at level %s, batch %d, %d threads: median %.2f ms, least %.2f, 90 %% within %.2f; %.1f GMAC/s\n"+
		"load %.1f ms, first run %.1f ms, arena %s kB, packed weights %s kB, peak memory %.1f MB\n",
		l.Model, l.Mode, l.ISA, l.Batch, l.Threads, l.Median, l.Min, l.P90, l.GMACs,
		l.Load, l.First, kilo(l.ArenaBytes), kilo(l.WeightBytes), l.PeakRSS)
}

// floatNetwork is the network m with weights from a file, or random ones if
// there is no file.
func floatNetwork(m model, weights string, seed uint64) (g *nn.Graph, err error) {
	if weights != "" {
		g, _, err = m.load(weights)
	} else {
		g, _, err = m.random(seed)
	}
	return g, err
}
