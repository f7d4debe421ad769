package milp

import (
	"context"
	"go/parser"
	gotoken "go/token"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestDeterministic solves models of every kind 20 times with different numbers
// of processors; all results must be the same to the last bit.
func TestDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	one := hardTwoKnapsacks(200)
	one.rows = one.rows[:len(one.rows)-1]
	models := map[string]*Model{"one knapsack": one, "two knapsacks": hardTwoKnapsacks(100),
		"fixed charges": fixedCharge(r, 6), "partition": setPartition(2, 30, 100), "linear": relaxed(fixedCharge(r, 12))}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			want := solveChecked(t, m)
			for run := range 20 {
				procs := []int{1, 2, 8}[run%3]
				runtime.GOMAXPROCS(procs)
				got, err := m.Solve(context.Background(), Options{})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) { // equal up to the sign of zeros
					t.Fatalf("run %d on %d processors: %+v, want %+v", run, procs, got, want)
				}
			}
		})
	}
}

// relaxed makes all columns of m continuous.
func relaxed(m *Model) *Model {
	for j := range m.cols {
		m.cols[j].integer = false
	}
	return m
}

// TestNoClock checks that nothing that decides about a search can read a clock
// or draw random numbers.
func TestNoClock(t *testing.T) {
	for _, pattern := range []string{"*.go", "internal/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files match %s: %v", pattern, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				switch path, _ := strconv.Unquote(i.Path.Value); path {
				case "time", "math/rand", "math/rand/v2", "runtime":
					t.Errorf("%s imports %s", name, path)
				}
			}
		}
	}
}
