package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mixq/bench"
)

// TestBenchLatency: the fields are a contract with scripts, wherever the network
// comes from.
func TestBenchLatency(t *testing.T) {
	dir := t.TempDir()
	weights, network := filepath.Join(dir, "w"), filepath.Join(dir, "n.mixq")
	run(t, "train", "--model", "resnet8", "--data", "cifar10:"+cifar(t, dir), "--epochs", "1", "--batch", "32", "--out", weights)
	run(t, "quantize", "--model", "resnet8", "--synthetic", "--out", network)
	for _, tt := range []struct {
		mode string
		args []string
	}{
		{"integer", []string{network}},
		{"float", []string{"--model", "resnet8", "--random-weights", "7"}},
		{"float", []string{"--model", "resnet8", "--weights", weights}},
	} {
		text := run(t, append([]string{"bench", "latency", "--threads", "2", "--batch", "3", "--runs", "4", "--json"}, tt.args...)...)
		wantKeys(t, text, "arena_bytes batch cpu_min_ms first_ms gmacs_per_s isa load_ms median_ms min_ms mode model p90_ms peak_rss_mb threads weight_bytes")
		var l bench.Latency
		unmarshal(t, text, &l)
		if l.Model != "resnet8" || l.Mode != tt.mode || l.Threads != 2 || l.Batch != 3 || l.GMACs <= 0 || l.WeightBytes <= 0 {
			t.Errorf("%v: %s", tt.args, text)
		}
	}
	wantError(t, exitFailure, "batch 0", "bench", "latency", network, "--batch", "0")
	wantError(t, exitUsage, "either", "bench", "latency", network, "--model", "resnet8")
}

func TestBenchCompare(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell: ", err)
	}
	text := run(t, "bench", "compare", `echo '{"median_ms": 2, "cpu_min_ms": 1}'`, `echo '{"median_ms": 3, "cpu_min_ms": 2}'`, "--rounds", "2")
	for _, want := range []string{"round 2", "1.50", "2.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	wantError(t, exitUsage, "2 arg", "bench", "compare", "true")
}
