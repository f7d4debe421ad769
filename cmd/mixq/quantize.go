package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mixq/infer/artifact"
	"mixq/nn"
	"mixq/quantize"
)

func newQuantize() *cobra.Command {
	var m method
	var out string
	var o output
	var synthetic bool
	var limit limits
	c := &cobra.Command{
		Use:   "quantize",
		Short: "Compress a trained network to a budget and measure the result",
		Long: `Compress a trained network to a budget, write it to a .mixq file, run that file
on the test images in integer arithmetic and report its size and accuracy.

Without --model, --weights and --data, a small network that is part of this
program is quantized. Without --out, the result is measured and thrown away.

A budget is a compression of the weights (8x), average bits of a weight (4.0b),
or a size of the whole file (150kB). Other limits stand in its place or beside it,
all at once: --bops-budget of bit operations, --latency-budget of the time of a
run, by a table of mixq bench kernels (without --latency-table the layers are
measured here), --memory-budget of the memory of activations, which does not
depend on bits. With --max-drop the smallest network within the limits is looked
for that loses no more accuracy than that on training images that it was not
calibrated on.

Activations have 8 bits. With --act-bits 4,5,6,8 their widths are chosen as well,
together with those of weights; this pays only with a limit of bit operations,
since neither size nor time depend on them, and otherwise most of them keep the
most bits. The image keeps 8 unless a rule says otherwise.

--equalize and --equalize-acts scale channels of the float network before it is
quantized, which does not change what it computes on the calibration images;
--reestimate-bn corrects scales and biases after rounding. Results are always
compared with the network as it was given.

With --rounding block, blocks of layers are trained after they are rounded, which
takes minutes, or hours for a large network. With --work, a run that is stopped
goes on with the block that it was at.

--rule 'fc:min=3' or 'layer1.*:bits=4/6,act=8' changes the candidates of layers;
'conv1:bits=8' leaves one. --tie 'layer1.*' makes layers share one bit-width.`,
		Example: `  mixq quantize
  mixq quantize --model resnet20 --weights resnet20.th --data cifar10:cifar-10-batches-bin --budget 8x --out resnet20.mixq
  mixq quantize --model mobilenet_v2 --weights mobilenet_v2.pth --data folder:imagenet/val --calib-rows 0:1000 --rows 1000:50000
  mixq quantize --model resnet20 --weights resnet20.th --data cifar10:cifar-10-batches-bin --budget 120kB --rule 'linear:bits=4/6/8' --json
  mixq quantize --model resnet20 --weights resnet20.th --data cifar10:cifar-10-batches-bin --act-bits 4,5,6,8 --bops-budget 700M --budget 8x
  mixq quantize --model resnet20 --weights resnet20.th --data cifar10:cifar-10-batches-bin --max-drop 0.5 --out resnet20.mixq
  mixq quantize --model resnet18 --weights resnet18.pth --data folder:imagenet/val --calib-rows 0:1000 --rows 1000:50000 --budget 8x --latency-budget 9ms
  mixq quantize --model regnet.onnx --data folder:imagenet/val --calib-rows 0:1000 --rows 1000:50000 --out regnet.mixq
  mixq quantize --model resnet50 --synthetic --budget 8x --out resnet50.mixq`,
		Args: func(c *cobra.Command, args []string) error {
			if f := c.Flags(); f.Changed("model") != (f.Changed("data") || synthetic) {
				return errors.New("--model goes with --weights and --data, or with --synthetic")
			}
			if err := m.checkWeights(); err != nil && !synthetic {
				return err
			}
			return cobra.NoArgs(c, args)
		},
		RunE: func(c *cobra.Command, _ []string) error {
			bar := newProgress(c.ErrOrStderr())
			defer bar.close()
			g, images, err := m.inputs(bar, synthetic)
			if err != nil {
				return err
			}
			if m.config.Limits, err = m.limits(c, bar, &limit, g); err != nil {
				return err
			}
			path, remove, err := outputPath(out)
			if err != nil {
				return err
			}
			defer remove()
			r, err := quantize.Run(c.Context(), g, images, m.config, path)
			if err != nil {
				return nameBudgets(err)
			}
			bar.close()
			m.data.reportSkipped(c.ErrOrStderr())
			return o.print(c.OutOrStdout(), r, func(w io.Writer) { printReport(w, g, r, out) })
		},
	}
	m.addFlags(c)
	limit.addFlags(c.Flags())
	c.Flags().Float64Var(&m.config.MaxDrop, "max-drop", 0, "find the smallest network that loses at most so many `POINTS` of top-1 accuracy")
	c.Flags().IntVar(&m.valid, "valid", 2000, "number of training images, apart from those for calibration, that --max-drop is measured on")
	c.Flags().BoolVar(&m.config.ReestimateBN, "reestimate-bn", false, "restore the mean and variance of every output channel after rounding")
	c.Flags().IntVar(&m.tune, "tune", 0, "number of training images to tune scales and biases on, apart from those for calibration, or random crops of those where there are no others")
	c.Flags().StringVar(&out, "out", "", "`FILE`.mixq to write")
	c.Flags().BoolVar(&synthetic, "synthetic", false, "quantize random weights on random images, to measure speed; wants --model only")
	c.MarkFlagsMutuallyExclusive("synthetic", "weights")
	c.MarkFlagsMutuallyExclusive("synthetic", "max-drop")
	c.MarkFlagsMutuallyExclusive("synthetic", "tune")
	o.addFlag(c.Flags())
	return c
}

// inputs loads or makes the network and its images; bar will show how far the
// steps are.
func (m *method) inputs(bar *progress, synthetic bool) (g *nn.Graph, d quantize.Data, err error) {
	if synthetic {
		return m.synthetic(bar)
	}
	if g, d.Calib, err = m.load(bar); err != nil {
		return nil, d, err
	}
	if m.config.MaxDrop > 0 {
		if d.Valid, err = m.data.validation(m.valid, m.calib, m.config.Seed); err != nil {
			return nil, d, err
		}
	}
	if m.tune != 0 {
		if d.Tune, err = m.data.tuning(m.tune, m.calib, m.config.Seed); err != nil {
			return nil, d, err
		}
	}
	d.Eval, _, err = m.data.test(0)
	return g, d, err
}

// limits are those that the flags ask for; the latency table is measured if it
// must be.
func (m *method) limits(c *cobra.Command, bar *progress, l *limits, g *nn.Graph) (quantize.Limits, error) {
	out, err := l.apply(m.config.MaxDrop > 0)
	if err == nil && l.has(quantize.Latency) && out.Table == nil {
		out.Table, err = l.latency.measure(c.Context(), bar, g, m.config.WorkDir)
	}
	return out, err
}

// outputPath returns where to write: out, after a check that its folder exists,
// or a temporary file if it is empty. The function that it returns removes what
// is temporary.
func outputPath(out string) (path string, remove func(), err error) {
	if out != "" {
		_, err := os.Stat(filepath.Dir(out))
		if err != nil {
			err = fmt.Errorf("--out: %w", err)
		}
		return out, func() {}, err
	}
	dir, err := os.MkdirTemp("", "mixq-")
	return filepath.Join(dir, "network.mixq"), func() { os.RemoveAll(dir) }, err
}

// latencyText says what a run will take; nothing if that is not known.
func latencyText(l *quantize.PlanLatency) string {
	if l == nil {
		return ""
	}
	limit := ""
	if l.Limit > 0 {
		limit = fmt.Sprintf(" of %.3f", l.Limit)
	}
	return fmt.Sprintf("\npredicted latency %.3f%s ms at level %s, batch %d, %d threads", l.Predicted, limit, l.ISA, l.Batch, l.Threads)
}

// passesText says what was done around rounding; nothing if nothing was.
func passesText(r *quantize.Report) (s string) {
	if e := r.Equalized; e != (quantize.Equalized{}) {
		s = fmt.Sprintf("\nequalized: weights around %d values, channels of %d inputs of depthwise layers", e.Weights, e.Acts)
	}
	if r.ReestimatedBN {
		s += "\nmeans and variances of all output channels restored after rounding"
	}
	return s
}

// decibels is an entry of Report.SQNR.
func decibels(sqnr map[string]float64, layer string) string {
	if db, ok := sqnr[layer]; ok {
		return fmt.Sprintf("%.1f", db)
	}
	return "-"
}

func printReport(w io.Writer, g *nn.Graph, r *quantize.Report, out string) {
	var t table
	t.row("layer", "shape", "bits", "input", "kB", "SQNR dB")
	for _, n := range g.Nodes {
		if o, ok := n.Operands(); ok {
			s, bits := o.Weight.Type.Shape, r.Bits[n.Name]
			t.row(n.Name, s.String(), fmt.Sprint(bits), fmt.Sprint(r.InputBits[n.Name]), kilo(artifact.WeightBytes(s, int(bits))), decibels(r.SQNR, n.Name))
		}
	}
	t.print(w)
	fmt.Fprintf(w, `
%s on %d test images: top-1 %.2f %% in float, %.2f %% in integer arithmetic (drop %.2f)
same best class %.2f %%, KL divergence %.4f
weights %s kB in float, %s kB in codes: %.2f times smaller, %.2f bits on average
file %s kB: %.2f times smaller, %.2f bits a weight with scales and zero points
an image takes %s bit operations and %s kB of activations, of %.2f bits on average
allocation: objective %.4g, bound %.4g%s
time %.1f s: calibrate %.1f, sensitivity %.1f, allocate %.1f, round %.1f, tune %.1f, pack %.1f, verify %.1f
`,
		r.Model, r.Images, r.FloatTop1, r.QuantTop1, r.Drop,
		r.Agreement, r.KL,
		kilo(r.FloatBytes), kilo(r.WeightBytes), r.Compression, r.AvgBits,
		kilo(r.FileBytes), r.FileCompression, r.EffectiveBits,
		amount(r.BOPs), kilo(r.ActivationBytes), r.AvgActBits,
		r.Objective, r.Bound, latencyText(r.Latency)+passesText(r),
		r.Seconds.Total, r.Seconds.Calibrate, r.Seconds.Sensitivity, r.Seconds.Allocate, r.Seconds.Round, r.Seconds.Tune, r.Seconds.Pack, r.Seconds.Verify)
	if s := r.Search; s != nil {
		fmt.Fprintf(w, "found by accuracy: %v, drop %.2f on %d training images, %d networks tried in %.1f s\n",
			s.Budget, s.Drop, s.Images, s.Probes, r.Seconds.Search)
	}
	if out == "" {
		fmt.Fprintln(w, "not kept; give --out FILE to write the network")
		return
	}
	fmt.Fprintln(w, "written to", out)
}
