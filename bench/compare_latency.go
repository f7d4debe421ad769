package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Timing is what a program that is compared prints: one JSON object with at
// least median_ms, as mixq bench latency --json does.
type Timing struct {
	Median float64 `json:"median_ms"`            // wall time of a run
	CPUMin float64 `json:"cpu_min_ms,omitempty"` // least processor time of a run; 0 if it is not told
}

// LatencyComparison is the outcome of CompareLatency.
type LatencyComparison struct {
	Commands [2]string   `json:"commands"`
	Rounds   [][2]Timing `json:"rounds"`
	Median   [2]float64  `json:"median_ms"`            // medians over the rounds
	CPUMin   [2]float64  `json:"cpu_min_ms,omitempty"` // least over the rounds
	Ratio    float64     `json:"ratio"`                // of the medians, second by first
	CPURatio float64     `json:"cpu_ratio,omitempty"`  // of the least processor times; 0 if one does not tell
}

// CompareLatency runs two command lines of the shell in turn, rounds times each,
// so that what else the machine does disturbs both alike.
func CompareLatency(ctx context.Context, commands [2]string, rounds int) (*LatencyComparison, error) {
	if rounds < 1 {
		return nil, fmt.Errorf("bench: %d rounds, want at least 1", rounds)
	}
	c := &LatencyComparison{Commands: commands}
	for range rounds {
		var round [2]Timing
		for i, line := range commands {
			var err error
			if round[i], err = runTimed(ctx, line); err != nil {
				return nil, err
			}
		}
		c.Rounds = append(c.Rounds, round)
	}
	for i := range commands {
		var medians, cpus []float64
		for _, r := range c.Rounds {
			medians, cpus = append(medians, r[i].Median), append(cpus, r[i].CPUMin)
		}
		slices.Sort(medians)
		c.Median[i], c.CPUMin[i] = quantile(medians, .5), slices.Min(cpus)
	}
	c.Ratio = c.Median[1] / c.Median[0]
	if c.CPUMin[0] > 0 && c.CPUMin[1] > 0 {
		c.CPURatio = c.CPUMin[1] / c.CPUMin[0]
	}
	return c, nil
}

// runTimed runs a command line and reads what it prints.
func runTimed(ctx context.Context, line string) (t Timing, err error) {
	var errs strings.Builder
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return t, ctx.Err()
	}
	if err != nil {
		return t, fmt.Errorf("bench: %s: %w: %s", line, err, errs.String())
	}
	if err := json.Unmarshal(out, &t); err != nil {
		return t, fmt.Errorf("bench: %s: want one JSON object on standard output: %w", line, err)
	}
	if t.Median <= 0 {
		return t, fmt.Errorf("bench: %s: median_ms is %v, want a positive time", line, t.Median)
	}
	return t, nil
}
