package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mixq/bench"
	"mixq/infer/artifact"
	"mixq/nn"
	"mixq/quantize"
)

// modelFlags collects networks.
type modelFlags []model

func (l *modelFlags) Set(name string) error {
	var m model
	err := m.Set(name)
	*l = append(*l, m)
	return err
}

func (l *modelFlags) Type() string { return "NAME" }

func (l *modelFlags) String() string {
	var names []string
	for _, m := range *l {
		names = append(names, m.Name)
	}
	return strings.Join(names, ",")
}

func newBenchKernels() *cobra.Command {
	var ms modelFlags
	var out string
	var o output
	opt := bench.KernelOptions{Bits: allBits()}
	c := &cobra.Command{
		Use:   "kernels [FILE.mixq...]",
		Short: "Measure every layer of networks at every bit-width",
		Long: `Measure what each layer of the networks takes at each bit-width in integer
arithmetic, print multiply-accumulates per second and their share of what the
micro-kernel alone reaches, and compare the sum with a run of mixed bits.
--out keeps the times as a table for quantize --latency-table.`,
		Example: `  mixq bench kernels --model resnet18
  mixq bench kernels --model resnet50 --model mobilenet_v2 --threads 1 --out latency.json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(ms)+len(args) == 0 {
				return errors.New("want --model NAME or FILE.mixq, or several")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			gs, err := kernelNetworks(ms, args)
			if err != nil {
				return err
			}
			bar := newProgress(c.ErrOrStderr())
			defer bar.close()
			k, err := measureKernels(c.Context(), bar, gs, opt)
			if err != nil {
				return err
			}
			if out != "" {
				if err := quantize.SaveJSON(out, k.Table); err != nil {
					return err
				}
			}
			bar.close()
			return o.print(c.OutOrStdout(), k, func(w io.Writer) { printKernels(w, k) })
		},
	}
	f := c.Flags()
	f.Var(&ms, "model", "network with random weights (see mixq models), or FILE.onnx; repeatable")
	f.Var((*bitList)(&opt.Bits), "bits", "bit-widths of weights, any of 2 to 8")
	f.IntVar(&opt.Threads, "threads", 1, "goroutines that compute")
	f.IntVar(&opt.Batch, "batch", 1, "images of one run")
	f.IntVar(&opt.Runs, "runs", kernelRuns, "runs of each network at each bit-width")
	f.StringVar(&out, "out", "", "`FILE`.json to write the table to")
	o.addFlag(f)
	return c
}

// kernelRuns is enough for a run or two without disturbance.
const kernelRuns = 30

// allBits are the bit-widths that weights may have.
func allBits() []uint8 { return []uint8{2, 3, 4, 5, 6, 7, 8} }

// kernelNetworks are the named networks and those in files.
func kernelNetworks(ms []model, files []string) ([]*nn.Graph, error) {
	var gs []*nn.Graph
	for _, m := range ms {
		g, in, err := m.random(1)
		if err != nil {
			return nil, err
		}
		g.Pixels = preprocessing(in).Table()
		gs = append(gs, g)
	}
	for _, path := range files {
		g, _, err := artifact.Read(path)
		if err != nil {
			return nil, err
		}
		gs = append(gs, g)
	}
	return gs, nil
}

// measureKernels shows on bar how far it is.
func measureKernels(ctx context.Context, bar *progress, gs []*nn.Graph, o bench.KernelOptions) (*bench.Kernels, error) {
	o.Progress = func(done, total int) { bar.show("latency", done, total) }
	return bench.MeasureKernels(ctx, gs, o)
}

// printKernels prints a table for each network: a row for each part with its
// time, and for layers with weights the speed at each bit-width and what share
// of the peak that is.
func printKernels(w io.Writer, k *bench.Kernels) {
	for _, n := range k.Networks {
		var t table
		head, peak := []string{n.Model, "kind", "ms", "MMAC"}, []string{"peak", "", "", ""}
		for _, p := range k.Peaks {
			head = append(head, fmt.Sprintf("%d bits", p.Bits), "")
			peak = append(peak, fmt.Sprintf("%.0f", p.GMACs*float64(k.Table.Threads)), "")
		}
		t.row(head...)
		t.row(peak...)
		for _, p := range n.Parts {
			row := []string{p.Part, p.Kind, fmt.Sprintf("%.3f", p.Time), fmt.Sprintf("%.1f", float64(p.MACs)/1e6)}
			for i, g := range p.GMACs {
				row = append(row, fmt.Sprintf("%.0f", g), fmt.Sprintf("%.0f %%", 100*p.Share[i]))
			}
			t.row(row...)
		}
		t.print(w)
		fmt.Fprintf(w, "mixed bits: predicted %.3f ms, measured %.3f ms, ratio %.3f\n\n", n.Predicted, n.Measured, n.Ratio)
	}
	fmt.Fprintf(w, "GMAC/s by %s time at level %s, batch %d, %d threads\n", k.Table.Clock, k.Table.ISA, k.Table.Batch, k.Table.Threads)
}
