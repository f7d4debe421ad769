package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mixq/bench"
	"mixq/quantize"
)

// TestLatency measures a table and quantizes to a latency by it.
func TestLatency(t *testing.T) {
	dir := t.TempDir()
	table, network, sens := filepath.Join(dir, "latency.json"), filepath.Join(dir, "n.mixq"), filepath.Join(dir, "sens.json")
	kernels := run(t, "bench", "kernels", "--model", "resnet8", "--bits", "3,8", "--runs", "2", "--out", table)
	for _, want := range []string{"layer3.0.conv2", "3 bits", "peak", "mixed bits: predicted"} {
		if !strings.Contains(kernels, want) {
			t.Errorf("no %q in\n%s", want, kernels)
		}
	}
	synthetic := []string{"quantize", "--model", "resnet8", "--synthetic", "--bits", "3,8", "--json", "--latency-table", table}
	var r quantize.Report
	unmarshal(t, run(t, append(synthetic, "--latency-budget", "1h", "--out", network)...), &r)
	if r.AvgBits != 8 || r.Latency == nil || r.Latency.Predicted <= 0 || r.Latency.Limit != 3600e3 {
		t.Errorf("%v bits in an hour, latency %+v; want 8", r.AvgBits, r.Latency)
	}
	var c contents
	unmarshal(t, run(t, "inspect", network, "--latency-table", table, "--json"), &c)
	if c.Latency != r.Latency.Predicted || c.Layers[0].Latency <= 0 {
		t.Errorf("inspect predicts %v, quantize %v", c.Latency, r.Latency.Predicted)
	}
	if text := run(t, "inspect", network, "--latency-table", table); !strings.Contains(text, "predicted latency") {
		t.Errorf("no prediction in\n%s", text)
	}
	unmarshal(t, run(t, append(synthetic, "--latency-budget", "1h", "--budget", "8x")...), &r)
	if r.Compression < 8 {
		t.Errorf("both budgets: compression %v", r.Compression)
	}
	var demo quantize.Report // measured on the spot
	unmarshal(t, run(t, "quantize", "--calib", "16", "--bits", "3,8", "--latency-budget", "1h", "--json"), &demo)
	if demo.AvgBits != 8 || demo.Latency == nil || demo.Latency.Predicted <= 0 {
		t.Errorf("%v bits in an hour, latency %+v; want 8", demo.AvgBits, demo.Latency)
	}
	var k bench.Kernels
	unmarshal(t, run(t, "bench", "kernels", network, "--runs", "1", "--json"), &k)
	if len(k.Networks) != 1 || len(k.Networks[0].Parts) < 10 {
		t.Errorf("kernels of a file: %+v", k.Networks)
	}

	run(t, "sensitivity", "--calib", "8", "--bits", "3,8", "--out", sens)
	allocate := []string{"allocate", sens, "--latency-table", table}
	if plan := run(t, append(allocate, "--latency-budget", "1h")...); !strings.Contains(plan, "of 3600000.000 ms at level") || strings.Contains(plan, "bits of codes") {
		t.Errorf("plan within an hour:\n%s", plan)
	}

	for _, tt := range []struct {
		want string
		args []string
	}{
		{"--latency-budget 1ns: ", append(allocate, "--latency-budget", "1ns")},
		{"--latency-budget 1ns: ", append(synthetic, "--latency-budget", "1ns")},
		{"--latency-budget 1ns: ", []string{"quantize", "--model", "resnet8", "--synthetic", "--latency-budget", "1ns"}}, // measured here
		{"needs a latency table", []string{"allocate", sens, "--latency-budget", "1ms"}},
		{"mixq bench kernels --threads 2", append(allocate, "--latency-threads", "2")},
		{"wanted are i8086 and 1", append(allocate, "--latency-isa", "i8086")},
		{"--latency-isa i8086: this is level", []string{"quantize", "--latency-budget", "1ms", "--latency-isa", "i8086"}},
		{"none.json: ", []string{"inspect", network, "--latency-table", filepath.Join(dir, "none.json")}},
		{"no row for conv1 at 4 bits", append(synthetic, "--bits", "4")},
		{"again with mixq bench kernels", []string{"inspect", network, "--latency-table", sens}},
	} {
		wantError(t, exitFailure, tt.want, tt.args...)
	}
	wantError(t, exitUsage, "--latency-budget", append(allocate, "--latency-budget", "0s")...)
	wantError(t, exitUsage, "--model NAME or FILE.mixq", "bench", "kernels")
}

// A table that is measured for a work directory is taken up again.
func TestLatencyWork(t *testing.T) {
	work := filepath.Join(t.TempDir(), "work")
	args := []string{"quantize", "--model", "resnet8", "--synthetic", "--bits", "3,8", "--latency-budget", "1h", "--work", work}
	run(t, args...)
	first := read(t, filepath.Join(work, "latency.json"))
	run(t, args...)
	if string(read(t, filepath.Join(work, "latency.json"))) != string(first) {
		t.Error("the second run measured again")
	}
}
