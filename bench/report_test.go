package bench

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"mixq/quantize"
)

// twoSeeds is a result with two runs from two seeds, and a metric.
func twoSeeds() *Result {
	row := func(run string, seed uint64, kl float64) Row {
		return Row{Run: run, Seed: seed, Report: quantize.Report{Compression: 8, KL: kl, FileBytes: 150000}}
	}
	return &Result{
		Spec: Spec{Name: "two", Model: "resnet8", Images: Images{Calib: 12, CalibRows: [2]int{0, 30}, Crops: 3}, Seeds: []uint64{1, 2},
			Runs:    []Run{{Name: "mixed", Against: "uniform"}, {Name: "uniform"}, {Name: "not yet"}},
			Compare: &Comparison{Images: 12, Bits: []int{3, 4, 8}, Seeds: []uint64{1, 2, 3}}},
		Rows: []Row{row("mixed", 1, .01), row("uniform", 1, .02), row("mixed", 2, .03), row("uniform", 2, .04)},
		Metrics: []MetricRow{
			{Metric: quantize.HessianTrace, Seed: 1, All: .5, Across: []float64{-.25, .75}, Excess: 1.5, Seconds: 3, CPU: 5},
			{Metric: quantize.HessianTrace, Seed: 2, All: .6, Across: []float64{-.25, .25}, Excess: 1.5, Seconds: 4, CPU: 5},
		},
	}
}

// The columns of both tables, in order, with medians and ranges.
func TestWriteTable(t *testing.T) {
	var b bytes.Buffer
	if err := twoSeeds().writeTables(&b, markdownTable); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| mixed | 8.00x | 0.00 | 0.00 | 0.000 | 150.0 | 0.00 | 0.00 | 0.0100 (0.0100 to 0.0300) | 0.50 (0.50 to 0.75) of uniform | 0.00 | 0 |\n",
		"| uniform | 8.00x | 0.00 | 0.00 | 0.000 | 150.0 | 0.00 | 0.00 | 0.0200 (0.0200 to 0.0400) | - | 0.00 | 0 |\n\n",
		"| metric | Spearman, all | across layers | at 3 bits | at 4 bits | excess | seconds | CPU s |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
		"| hessian-trace | 0.500 (0.500 to 0.600) | 0.000 (0.000 to 0.250) | -0.250 | 0.250 (0.250 to 0.750) | 1.500 | 3.0 (3.0 to 4.0) | 5.0 |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestAlignedTable(t *testing.T) {
	var b bytes.Buffer
	if err := twoSeeds().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 7 || strings.Index(lines[1], "8.00x") != strings.Index(lines[0], "compression") || lines[3] != "" {
		t.Errorf("got\n%s", b.String())
	}
}

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		x    []float64
		want string
	}{
		{[]float64{2}, "2.0"},
		{[]float64{2.01, 2.02}, "2.0"},
		{[]float64{9, 1, 4, 2, 3}, "3.0 (1.0 to 9.0)"},
	} {
		if got := spread("%.1f", tt.x); got != tt.want {
			t.Errorf("spread of %v: %q, want %q", tt.x, got, tt.want)
		}
	}
}

func TestDocument(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDocument(&b, []*Result{twoSeeds()}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## two\n\n`resnet8` calibrated on 12 images (rows 0 to 29) and 3 crops of each, evaluated on the test images, seeds 1 2; metrics compared on 12 images",
		"\n3 runs are still to be made.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if _, err := ReadResults(t.TempDir()); err == nil {
		t.Error("a folder without results is accepted")
	}
}

// The committed document is that of the committed results.
func TestCommittedDocument(t *testing.T) {
	rs, err := ReadResults("results")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteDocument(&b, rs); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, b.Bytes()) {
		t.Error("docs/results.md is out of date; run: go run ./cmd/mixq bench report bench/results > docs/results.md")
	}
}
