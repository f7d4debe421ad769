package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"mixq/infer"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/quantize"
)

func newEval() *cobra.Command {
	var n network
	var limit, threads int
	var exact bool
	var o output
	c := &cobra.Command{
		Use:   "eval [FILE.mixq]",
		Short: "Measure the accuracy and the speed of a network",
		Long: `Run a .mixq file in integer arithmetic, or a trained network in float32, on the
test images of a set, and print its accuracy and how many images a second the
network takes (reading the images not counted).`,
		Example: `  mixq eval resnet20.mixq --data cifar10:cifar-10-batches-bin
  mixq eval mobilenet.mixq --data csv:photos/labels.csv --rows 500:1000
  mixq eval --model resnet20 --weights resnet20.th --data cifar10:cifar-10-batches-bin --limit 1000 --json`,
		Args: func(c *cobra.Command, args []string) error {
			if err := n.checkWeights(); err != nil {
				return err
			}
			return fileOrModel(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			bar := newProgress(c.ErrOrStderr())
			defer bar.close()
			program, err := n.compile(args, threads, exact)
			if err != nil {
				return err
			}
			images, total, err := n.data.test(limit)
			if err != nil {
				return err
			}
			a, err := quantize.Evaluate(c.Context(), program, images, func(done int) { bar.show("eval", done, total) })
			if err != nil {
				return err
			}
			bar.close()
			n.data.reportSkipped(c.ErrOrStderr())
			speed := float64(a.Images) / a.Time.Seconds()
			return o.print(c.OutOrStdout(), accuracy{a.Top1(), a.Top5(), a.Images, speed}, func(w io.Writer) {
				fmt.Fprintf(w, "top-1 %.2f %%, top-5 %.2f %% of %d images; %.0f images/s\n", a.Top1(), a.Top5(), a.Images, speed)
			})
		},
	}
	n.addFlags(c.Flags())
	c.MarkFlagRequired("data")
	c.Flags().IntVar(&limit, "limit", 0, "number of test images; 0 for all")
	addThreads(c.Flags(), &threads)
	addExact(c.Flags(), &exact)
	o.addFlag(c.Flags())
	return c
}

// fileOrModel checks that what to run is named once.
func fileOrModel(c *cobra.Command, args []string) error {
	if (len(args) == 1) == c.Flags().Changed("model") {
		return errors.New("want either a .mixq file or --model")
	}
	return cobra.MaximumNArgs(1)(c, args)
}

// accuracy is the JSON form of the result.
type accuracy struct {
	Top1            float64 `json:"top1"` // percent
	Top5            float64 `json:"top5"` // percent
	Images          int     `json:"n"`
	ImagesPerSecond float64 `json:"images_per_second"`
}

// compile makes a program of the .mixq file in args, or of the trained network;
// exact is for the latter.
func (n *network) compile(args []string, threads int, exact bool) (*infer.Program, error) {
	if len(args) == 1 {
		p, err := infer.Open(args[0], infer.Options{Batch: batch, Threads: threads})
		if err != nil {
			return nil, err
		}
		if err := n.data.prepareFor(args[0], p.Meta().Preprocess); err != nil {
			return nil, err
		}
		return p, fits(p.Graph(), n.data.Source)
	}
	g, err := n.load()
	if err != nil {
		return nil, err
	}
	return compileFloat(g, batch, threads, exact)
}

// compileFloat makes a program of a trained network. It may round as Winograd's
// convolution does unless exact is set. Layers of an ONNX model that has values
// on grids between them compute in float32 too.
func compileFloat(g *nn.Graph, batch, threads int, exact bool) (*infer.Program, error) {
	g, err := rewrite.Run(g, rewrite.Deploy()...)
	if err != nil {
		return nil, err
	}
	o := infer.Options{Batch: batch, Threads: threads, Mode: infer.Float, Winograd: !exact}
	if slices.ContainsFunc(g.Nodes, func(n *nn.Node) bool { return n.Op.Kind() == nn.KindQuantize }) {
		o.Mode, o.Winograd = infer.Integer, false
	}
	return infer.Compile(g, o)
}
