package milp

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedDir returns the folder of reference instances, or skips the test.
func sharedDir(t testing.TB) string {
	dir := os.Getenv("MIXQ_SHARED")
	if dir == "" {
		for _, up := range []string{"../../shared", "../../../shared"} {
			if _, err := os.Stat(filepath.Join(up, "milp")); err == nil {
				dir = up
				break
			}
		}
	}
	dir = filepath.Join(dir, "milp")
	if _, err := os.Stat(filepath.Join(dir, "EXPECTED.json")); err != nil {
		t.Skip("no reference instances: set MIXQ_SHARED to the folder that holds milp/EXPECTED.json")
	}
	return dir
}

// expectation is one entry of EXPECTED.json.
type expectation struct {
	Name, File, Status    string
	Objective             *float64
	Groups, Knapsacks     int
	Rows, Cols, Nnz, Ints int
}

func expectations(t testing.TB, section string) []expectation {
	raw, err := os.ReadFile(filepath.Join(sharedDir(t), "EXPECTED.json"))
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.ReplaceAll(raw, []byte("Infinity"), []byte("null")) // of solvers that printed it
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	var out []expectation
	if err := json.Unmarshal(all[section], &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// allocation is the JSON form of an instance.
type allocation struct {
	Name      string
	Bits      []float64
	Cost      [][]float64
	Knapsacks []struct {
		Name   string
		Cap    float64
		Weight [][]float64
	}
	Peak *struct {
		Cap  float64
		Rows [][4]float64 // group, weight per bit, group, weight per bit
	}
	Couple [][]int
}

// readAllocation reads alloc/NAME.json or .json.gz; nil if there is none.
func readAllocation(t testing.TB, name string) *allocation {
	path := filepath.Join(sharedDir(t), "alloc", name+".json")
	if _, err := os.Stat(path); err != nil {
		path += ".gz"
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	a := new(allocation)
	if err := json.NewDecoder(r).Decode(a); err != nil {
		t.Fatal(err)
	}
	return a
}

// model builds the model of a, rows in the order of the files.
func (a *allocation) model() *Model {
	m := &Model{Name: a.Name}
	x := make([][]Col, len(a.Cost))
	for i, row := range a.Cost {
		for _, c := range row {
			x[i] = append(x[i], m.AddCol(0, 1, c, true))
		}
	}
	inf := math.Inf(1)
	for _, k := range a.Knapsacks {
		var cols []Col
		var w []float64
		for i := range x {
			cols = append(cols, x[i]...)
			w = append(w, k.Weight[i]...)
		}
		m.NameRow(m.AddRow(-inf, k.Cap, cols, w), k.Name)
	}
	if a.Peak != nil {
		for _, r := range a.Peak.Rows {
			var cols []Col
			var w []float64
			for b, bits := range a.Bits {
				cols = append(cols, x[int(r[0])][b], x[int(r[2])][b])
				w = append(w, r[1]*bits, r[3]*bits)
			}
			m.AddRow(-inf, a.Peak.Cap, cols, w)
		}
	}
	for _, c := range a.Couple {
		for _, j := range c[1:] {
			for b := range a.Bits {
				m.AddRow(0, 0, []Col{x[c[0]][b], x[j][b]}, []float64{1, -1})
			}
		}
	}
	for i := range x {
		ones := make([]float64, len(x[i]))
		for b := range ones {
			ones[b] = 1
		}
		m.AddRow(1, 1, x[i], ones)
	}
	return m
}
