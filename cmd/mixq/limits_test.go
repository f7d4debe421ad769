package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mixq/quantize"
)

// TestLimits quantizes and allocates within several limits at once, with a choice
// of bits for activations and with ties.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	network, sens := filepath.Join(dir, "n.mixq"), filepath.Join(dir, "sens.json")
	synthetic := []string{"quantize", "--model", "resnet8", "--synthetic", "--bits", "3,4,8", "--act-bits", "4,6,8", "--json"}
	var r quantize.Report
	unmarshal(t, run(t, append(synthetic, "--bops-budget", "60x", "--budget", "7x", "--memory-budget", "50kB", "--tie", "layer1.*",
		"--tie", "layer[23]*:act", "--rule", "linear:min=4,act=8", "--out", network)...), &r)
	bits, inputs := r.Bits, r.InputBits
	if r.Compression < 7 || r.BOPs > 12239488*1024/60 || r.AvgActBits >= 8 || bits["linear"] < 4 || inputs["linear"] != 8 || inputs["conv1"] != 8 ||
		bits["layer1.0.conv1"] != bits["layer1.0.conv2"] || inputs["layer2.0.conv1"] != inputs["layer3.0.conv2"] {
		t.Errorf("report %+v", r)
	}
	var c contents
	unmarshal(t, run(t, "inspect", network, "--json"), &c)
	if c.BOPs != r.BOPs || c.Layers[1].Input != int(inputs["layer1.0.conv1"]) {
		t.Errorf("inspect says %+v, the report %+v", c, r)
	}
	if text := run(t, "inspect", network); !strings.Contains(text, "bit operations for an image") {
		t.Errorf("no bit operations in\n%s", text)
	}
	unmarshal(t, run(t, append(synthetic, "--bops-budget", "60x")...), &r) // and no limit of the size
	if r.BOPs > 12239488*1024/60 {
		t.Errorf("%d BOPs", r.BOPs)
	}
	unmarshal(t, run(t, append(synthetic, "--budget", "none")...), &r)
	if r.AvgBits != 8 || r.AvgActBits != 8 {
		t.Errorf("without limits %v and %v bits, want 8", r.AvgBits, r.AvgActBits)
	}

	table := run(t, "sensitivity", "--calib", "8", "--bits", "3,8", "--act-bits", "5,8", "--out", sens)
	if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) != 1+8+7 || !strings.HasPrefix(lines[9], "input relu") {
		t.Errorf("want a head and lines for 8 layers and 7 activations, got\n%s", table)
	}
	plan := run(t, "allocate", sens, "--bops-budget", "300M", "--budget", "7x", "--memory-budget", "50kB", "--tie", "layer*", "--rule", "linear:bits=3,act=8")
	for _, want := range []string{"budget 7x: ", "budget bops=300M: ", " bit operations\n", "budget memory=50kB: 49192 of 50000 bytes of activations", "(optimal)"} {
		if !strings.Contains(plan, want) {
			t.Errorf("no %q in\n%s", want, plan)
		}
	}
	wantError(t, exitFailure, "not measured at 4 bits", "allocate", sens, "--rule", "conv1:bits=4")
	wantError(t, exitFailure, "--budget 7x --bops-budget 1M --memory-budget 60kB: ", "allocate", sens, "--memory-budget", "60kB", "--bops-budget", "1M", "--budget", "7x")
}
