package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mixq/bench"
	"mixq/dataset"
	"mixq/models"
	"mixq/quantize"
)

func newBenchRun() *cobra.Command {
	var n network
	var out string
	var resume bool
	var threads int
	c := &cobra.Command{
		Use:   "run SPEC.json",
		Short: "Run an experiment: several quantizations of one network",
		Long: `Run the quantizations and the comparison of metrics that a spec asks for and
print tables of them, medians over the seeds with the least and the most.

The spec says which images are for calibration and which for evaluation; --data
says where they are. What is done is written to --out after every run; with
--resume, an execution that was broken off goes on from there. Runs that another
version of the program made, or that the spec says otherwise now, are repeated.`,
		Example: `  mixq bench run bench/specs/resnet20.json --weights resnet20.th --data cifar10:DIR --out bench/results/resnet20.json
  mixq bench run bench/specs/mobilenet_v2.json --weights models --data csv:labels.csv --out bench/results/mobilenet_v2.json --resume`,
		Args: func(c *cobra.Command, args []string) error {
			if resume && out == "" {
				return errors.New("--resume goes with --out")
			}
			return cobra.ExactArgs(1)(c, args)
		},
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
			o := bench.Options{Threads: threads,
				Progress: func(run string, st quantize.Stage, done, total int) { bar.show(run+": "+st.String(), done, total) }}
			if out != "" {
				o.Save = func(r *bench.Result) error { return quantize.SaveJSON(filepath.Clean(out), r) }
			}
			if resume {
				if o.Earlier, err = bench.ReadResult(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
			r, err := bench.Execute(c.Context(), s, in, o)
			if err != nil {
				return err
			}
			bar.close()
			return r.WriteTable(c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&n.weights, "weights", "", "`FILE` of trained weights, or the folder of the file that the spec names")
	f.Var(&n.data, "data", "the image set of the spec: "+dataset.Usage())
	f.StringVar(&out, "out", "", "`FILE`.json to write the result to")
	f.BoolVar(&resume, "resume", false, "do not repeat what --out has")
	addThreads(f, &threads)
	c.MarkFlagRequired("weights")
	c.MarkFlagRequired("data")
	return c
}

// experiment reads the network that a spec asks for, and will choose its images.
func (n *network) experiment(s *bench.Spec) (in bench.Input, err error) {
	if kind, _, _ := strings.Cut(n.data.Spec, ":"); s.Data != "" && kind != s.Data {
		return in, fmt.Errorf("--data %s: the spec is for %s", n.data.Spec, s.Data)
	}
	if n.model.Model, err = models.Find(s.Model); err != nil {
		return in, err
	}
	if info, err := os.Stat(n.weights); err == nil && info.IsDir() {
		if s.Weights == "" {
			return in, fmt.Errorf("--weights %s: a folder, and the spec does not name a file; name it", n.weights)
		}
		n.weights = filepath.Join(n.weights, s.Weights)
	}
	n.data.calibRows = rows{s.CalibRows[0], s.CalibRows[1]}
	n.data.rows = rows{s.Rows[0], s.Rows[1]}
	n.data.crops = s.Crops
	if n.data.undivided() {
		return in, fmt.Errorf("--data %s: CalibRows and Rows of the spec must part photographs to calibrate on from those to evaluate on", n.data.Spec)
	}
	in.Open = func(seed uint64, tune int) (d quantize.Data, err error) {
		if d.Calib, err = n.data.calibration(s.Calib, seed); err != nil {
			return d, err
		}
		if tune != 0 {
			if d.Tune, err = n.data.tuning(tune, s.Calib, seed); err != nil {
				return d, err
			}
		}
		d.Eval, _, err = n.data.test(0)
		return d, err
	}
	in.Graph, err = n.load()
	return in, err
}

func newBenchReport() *cobra.Command {
	return &cobra.Command{
		Use:     "report DIR",
		Short:   "Print the results of a folder as one document in Markdown",
		Example: "  mixq bench report bench/results > docs/results.md",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			rs, err := bench.ReadResults(args[0])
			if err != nil {
				return err
			}
			return bench.WriteDocument(c.OutOrStdout(), rs)
		},
	}
}
