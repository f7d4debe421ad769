package bench

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

const documentHead = `# Results

Written by ` + "`mixq bench report`" + ` from the files of ` + "`bench/results`" + `, which are the outcomes of the specs of
the same names in ` + "`bench/specs`" + ` and say more; not to be edited.

All layers are quantized, and accuracies are those of the written files, run in integer arithmetic.
KL is the mean divergence of the quantized network's outputs from the float network's, agreement the
share of images with the same best class, KL ratio the KL by that of another run with the same seed.
Where there are several seeds, figures are medians, with the least and the most in parentheses; seeds
choose calibration images or their order, patches and random directions. Runs that share statistics
and sensitivities are each charged their seconds.

Metrics are compared with the measured divergence of every layer at every bit-width, the oracle:
Spearman's correlation over everything, its mean across layers at single bit-widths, and at each;
excess is the oracle's sensitivity of the bits that a metric allocates by the least possible. Processor
time (CPU s) depends less than seconds on what else the machine does.
`

// ReadResults reads the results of a folder, in the order of the names of the
// files.
func ReadResults(dir string) (rs []*Result, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("bench: no results NAME.json in %s", dir)
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	for _, p := range paths {
		r, err := ReadResult(p)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// WriteDocument writes results as a document in Markdown.
func WriteDocument(w io.Writer, rs []*Result) error {
	var b bytes.Buffer
	b.WriteString(documentHead)
	for _, r := range rs {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n%s\n\n", r.Spec.Name, r.Spec.describe(), r.Env.describe())
		if err := r.writeTables(&b, markdownTable); err != nil {
			return err
		}
		if n := r.missing(); n > 0 {
			fmt.Fprintf(&b, "\n%d runs are still to be made.\n", n)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// missing is the number of runs, and of comparisons of metrics, that the spec
// asks for and r does not have.
func (r *Result) missing() (n int) {
	for _, seed := range r.Spec.Seeds {
		for _, run := range r.Spec.runs() {
			if r.row(run, seed) == nil {
				n++
			}
		}
	}
	if c := r.Spec.Compare; c != nil {
		for _, seed := range c.Seeds {
			if r.metrics(seed) == nil {
				n++
			}
		}
	}
	return n
}

// describe says what was measured, in a sentence.
func (s *Spec) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s` calibrated on %d images%s", s.Model, s.Calib, rowsText(s.CalibRows))
	if s.Crops > 0 {
		fmt.Fprintf(&b, " and %d crops of each", s.Crops)
	}
	if len(s.runs()) > 0 {
		fmt.Fprintf(&b, ", evaluated on the test images%s, seeds %s", rowsText(s.Rows), seedsText(s.Seeds))
	}
	if c := s.Compare; c != nil {
		fmt.Fprintf(&b, "; metrics compared on %d images at %v bits, seeds %s, bits allocated for %v", c.Images, c.Bits, seedsText(c.Seeds), c.Budget)
	}
	return b.String() + "."
}

func rowsText(rows [2]int) string {
	if rows == [2]int{} {
		return ""
	}
	return fmt.Sprintf(" (rows %d to %d)", rows[0], rows[1]-1)
}

func seedsText(seeds []uint64) string { return strings.Trim(fmt.Sprint(seeds), "[]") }

// describe says what ran, in a sentence.
func (e Env) describe() string {
	commit := e.Commit
	if commit == "" {
		commit = "unknown"
	}
	return fmt.Sprintf("Ran with %s on %s/%s at level %s, %d processors, commit %s.", e.Go, e.OS, e.Arch, e.Level, e.CPUs, commit)
}

func markdownTable(w io.Writer, rows [][]string) error {
	for i, row := range rows {
		line := "| " + strings.Join(row, " | ") + " |\n"
		if i == 0 {
			line += "|" + strings.Repeat(" --- |", len(row)) + "\n"
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	return nil
}
