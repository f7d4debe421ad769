package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mixq/bench"
)

// TestBenchRun: an experiment is written, goes on where it was, and is
// reported; the spec decides which images serve what.
func TestBenchRun(t *testing.T) {
	weights, table := randomWeights(t), photographs(t, 20)
	dir := t.TempDir()
	results := filepath.Join(dir, "results")
	out := filepath.Join(results, "small.json")
	text := `{"Name": "small", "Model": "resnet8", "Weights": "w.safetensors", "Data": "csv", "Calib": 8, "CalibRows": [0, 8], "Rows": [8, 20], "Crops": 1,
		"Seeds": [1], "Runs": [{"Name": "uniform", "Budget": "8x", "Bits": [4], "Metric": "mse", "Rounding": "nearest"}]}`
	spec := write(t, filepath.Join(dir, "spec.json"), []byte(text))
	args := []string{"bench", "run", spec, "--weights", filepath.Dir(weights), "--data", "csv:" + table, "--out", out}
	stdout := run(t, args...)
	var r bench.Result
	first := read(t, out)
	unmarshal(t, string(first), &r)
	if len(r.Rows) != 1 || r.Rows[0].Report.Images != 12 || !strings.Contains(stdout, "uniform") {
		t.Errorf("%d rows, printed\n%s", len(r.Rows), stdout)
	}

	run(t, append(args, "--resume")...)
	if string(read(t, out)) != string(first) {
		t.Error("--resume repeats what is there")
	}

	if doc := run(t, "bench", "report", results); !strings.Contains(doc, "## small\n") || !strings.Contains(doc, "| uniform | 8.00x |") {
		t.Errorf("report\n%s", doc)
	}
	wantError(t, exitFailure, "no results", "bench", "report", dir+"/none")
	wantError(t, exitUsage, "--resume", append(args[:len(args)-2:len(args)-2], "--resume")...)
	wantError(t, exitFailure, "the spec is for csv", "bench", "run", spec, "--weights", weights, "--data", "shapes")
	unnamed := write(t, filepath.Join(dir, "unnamed.json"), []byte(strings.Replace(text, `"Weights": "w.safetensors",`, "", 1)))
	wantError(t, exitFailure, "does not name a file", "bench", "run", unnamed, "--weights", dir, "--data", "csv:"+table)
	overlap := write(t, filepath.Join(dir, "overlap.json"), []byte(strings.Replace(text, `[8, 20]`, "[7, 20]", 1)))
	wantError(t, exitFailure, "CalibRows", "bench", "run", overlap, "--weights", weights, "--data", "csv:"+table)
}
