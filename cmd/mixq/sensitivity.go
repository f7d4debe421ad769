package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"mixq/quantize"
)

func newSensitivity() *cobra.Command {
	var m method
	var out string
	var o output
	c := &cobra.Command{
		Use:   "sensitivity",
		Short: "Measure how much each layer suffers at each bit-width",
		Long: `Estimate, from gradients on calibration images, how far the outputs move when one
layer is quantized to each candidate bit-width: twice the KL divergence from the
float network. With several --act-bits also for activations, and with --metric
fisher-pairs also how much more it is, or less, when two are quantized together. mixq
allocate chooses bits from the table.`,
		Example: `  mixq sensitivity
  mixq sensitivity --model resnet20 --weights resnet20.th --data cifar10:cifar-10-batches-bin --calib 256 --out sens.json`,
		Args: func(c *cobra.Command, args []string) error {
			if err := m.checkWeights(); err != nil {
				return err
			}
			return cobra.NoArgs(c, args)
		},
		RunE: func(c *cobra.Command, _ []string) error {
			bar := newProgress(c.ErrOrStderr())
			defer bar.close()
			g, calib, err := m.load(bar)
			if err != nil {
				return err
			}
			job, err := quantize.Prepare(g, calib, m.config)
			if err != nil {
				return err
			}
			if err := job.Equalize(c.Context()); err != nil {
				return err
			}
			var st *quantize.Stats // not needed to choose widths of weights only
			if job.ChoosesActs() {
				if st, err = job.Calibrate(c.Context()); err != nil {
					return err
				}
			}
			sens, err := job.Sensitivity(c.Context(), st)
			if err != nil {
				return err
			}
			if out != "" {
				if err := quantize.SaveJSON(out, sens); err != nil {
					return err
				}
			}
			bar.close()
			m.data.reportSkipped(c.ErrOrStderr())
			return o.print(c.OutOrStdout(), sens, func(w io.Writer) { printSensitivities(w, sens) })
		},
	}
	m.addFlags(c)
	c.MarkFlagsRequiredTogether("model", "data")
	c.Flags().StringVar(&out, "out", "", "`FILE`.json to write")
	o.addFlag(c.Flags())
	return c
}

// printSensitivities has a line for every layer, and for every activation whose
// bit-width is to be chosen, and a column for every bit-width that some may take.
// Interactions are too many to print.
func printSensitivities(w io.Writer, sens *quantize.SensTable) {
	lines := slices.Clone(sens.Layers)
	for _, a := range sens.Acts {
		if a.Sensitivity != nil {
			lines = append(lines, quantize.LayerSens{Layer: "input " + a.Value, Bits: a.Bits, Sensitivity: a.Sensitivity})
		}
	}
	var t table
	head := []string{"layer", "weights"}
	var column [9]int // of each bit-width; 0 for none
	for bits := range uint8(len(column)) {
		if slices.ContainsFunc(lines, func(l quantize.LayerSens) bool { return slices.Contains(l.Bits, bits) }) {
			column[bits] = len(head)
			head = append(head, fmt.Sprintf("%d bits", bits))
		}
	}
	t.row(head...)
	for _, l := range lines {
		row := make([]string, len(head))
		row[0], row[1] = l.Layer, fmt.Sprint(l.Weights)
		for i, b := range l.Bits {
			row[column[b]] = fmt.Sprintf("%.2e", l.Sensitivity[i])
		}
		t.row(row...)
	}
	t.print(w)
	if p := sens.Pairs; p != nil {
		fmt.Fprintf(w, "\ninteractions of %d candidates, of which %.3g %% is noise and taken off\n", len(p.Rows), 100*p.Shrinkage)
	}
}
