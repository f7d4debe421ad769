package quantize

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mixq/milp"
)

func TestProduct(t *testing.T) {
	dir := t.TempDir()
	calls := 0
	plan := func() (*Plan, error) {
		calls++
		return &Plan{Objective: 1. / 3, Status: milp.Optimal, Budgets: []Spent{{Budget{Compression, 8}, 1, 2}}, Layers: []LayerBits{{"conv", 3}}}, nil
	}
	first, err := product(dir, "plan", "abc", plan)
	if err != nil {
		t.Fatal(err)
	}
	again, err := product(dir, "plan", "abc", plan)
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 || again.Objective != first.Objective || again.Budgets[0] != first.Budgets[0] || again.Layers[0] != first.Layers[0] {
		t.Errorf("made %d times, read back %+v", calls, again)
	}
	path := filepath.Join(dir, "plan.json")
	if _, err := product(dir, "plan", "other", plan); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a stale product gave the error %v", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := product(dir, "plan", "abc", plan); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged product gave the error %v", err)
	}
	if _, err := product("", "plan", "abc", plan); err != nil || calls != 2 {
		t.Errorf("without a directory: %v after %d calls", err, calls)
	}
}
