package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const knapsackLP = `Maximize 5 a + 4 b + 3 c
Subject To
 size: 2 a + 3 b + c <= 3
Binary
 a b c
End
`

func TestSolve(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	model, sol := file("m.lp", knapsackLP), filepath.Join(dir, "m.sol")
	out := run(t, "solve", model, "--sol", sol)
	for _, want := range []string{"status: optimal\n", "objective: 8\n", "bound: 8\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("solve prints\n%swithout %q", out, want)
		}
	}
	if text, err := os.ReadFile(sol); err != nil || !strings.Contains(string(text), "a 1\nc 1\n") {
		t.Errorf("solution file %q, %v; want a and c", text, err)
	}
	wantKeys(t, run(t, "solve", model, "--json"), "bound gap iterations nodes objective seconds status")
	infeasible := file("i.lp", "Minimize x st\n x >= 2\n x <= 1\nEnd\n")
	if out := run(t, "solve", infeasible, "--json"); !strings.Contains(out, `"infeasible"`) || !strings.Contains(out, `"objective": null`) {
		t.Errorf("solve --json prints %s, want infeasible with a null objective", out)
	}
	wantError(t, exitFailure, "m.txt", "solve", file("m.txt", knapsackLP))
	wantError(t, exitFailure, "--time", "solve", model, "--time", "-1")
	wantError(t, exitUsage, "arg", "solve")
	if code, _, stderr := mixq(context.Background(), "solve", file("bad.lp", "Minimize x st\n x >\nEnd\n")); code != exitFailure || !strings.Contains(stderr, "bad.lp:3") {
		t.Errorf("solve of a malformed file: code %d, %q; want line 3", code, stderr)
	}
	constant := file("w.lp", "Minimize x st\n x - 1 >= 2\nEnd\n")
	if code, _, stderr := mixq(context.Background(), "solve", constant); code != exitOK || !strings.Contains(stderr, "warning: "+constant+":2") {
		t.Errorf("solve of a row with a constant: code %d, %q; want a warning for line 2", code, stderr)
	}
}
