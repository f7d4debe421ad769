package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"mixq/bench"
	"mixq/infer"
	"mixq/models"
	"mixq/nn"
	"mixq/quantize"
)

func newBench() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure latency and kernels, compare, or run an experiment again",
		Example: `  mixq bench latency resnet20.mixq --threads 1 --runs 50
  mixq bench kernels --model resnet18 --out latency.json
  mixq bench run bench/specs/resnet20.json --weights resnet20.th --data cifar10:DIR`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newBenchLatency(), newBenchKernels(), newBenchCompare(), newBenchRun())
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

func newBenchRun() *cobra.Command {
	var n network
	var out string
	var threads int
	c := &cobra.Command{
		Use:     "run SPEC.json",
		Short:   "Run an experiment: several quantizations of one network",
		Example: "  mixq bench run bench/specs/resnet20.json --weights resnet20.th --data cifar10:DIR --out resnet20.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := bench.ReadSpec(args[0])
			if err != nil {
				return err
			}
			bar := newProgress(c.ErrOrStderr())
			defer bar.close()
			in, err := n.experiment(s)
			if err != nil {
				return err
			}
			r, err := bench.Execute(c.Context(), s, in, bench.Options{Threads: threads,
				Progress: func(run string, st quantize.Stage, done, total int) { bar.show(run+": "+st.String(), done, total) }})
			if err != nil {
				return err
			}
			bar.close()
			if out != "" {
				if err := quantize.SaveJSON(filepath.Clean(out), r); err != nil {
					return err
				}
			}
			return r.WriteTable(c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&n.weights, "weights", "", "`FILE` of trained weights")
	n.data.addFlags(c.Flags())
	n.data.addCalibRows(c.Flags())
	c.Flags().StringVar(&out, "out", "", "`FILE`.json to write the result to")
	addThreads(c.Flags(), &threads)
	c.MarkFlagRequired("weights")
	c.MarkFlagRequired("data")
	return c
}

// experiment reads the network and the images that a spec asks for.
func (n *network) experiment(s *bench.Spec) (bench.Input, error) {
	var in bench.Input
	var err error
	if n.model.Model, err = models.Find(s.Model); err != nil {
		return in, err
	}
	if in.Graph, err = n.load(); err != nil {
		return in, err
	}
	if in.Data.Calib, err = n.data.calibration(s.Calib, s.Seed); err != nil {
		return in, err
	}
	in.Data.Eval, _, err = n.data.test(0)
	return in, err
}
