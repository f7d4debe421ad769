package models

import (
	"bufio"
	"compress/gzip"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// stateDicts reads the parameters of PyTorch's networks, "name shape" sorted,
// that testdata/state_dicts.py recorded.
func stateDicts(t *testing.T) map[string][]string {
	f, err := os.Open("testdata/state_dicts.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dicts := map[string][]string{}
	s := bufio.NewScanner(z)
	for s.Scan() {
		network, param, ok := strings.Cut(s.Text(), " ")
		if !ok {
			t.Fatalf("bad line %q", s.Text())
		}
		dicts[network] = append(dicts[network], param)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	for _, d := range dicts {
		slices.Sort(d)
	}
	return dicts
}

// Names and shapes of all parameters are PyTorch's, auxiliary heads aside.
func TestStateDicts(t *testing.T) {
	dicts := stateDicts(t)
	dicts["mobilenet_v2_tf"] = dicts["mobilenet_v2"]
	if len(dicts) != 17 {
		t.Errorf("%d networks are recorded, want 17", len(dicts))
	}
	for _, name := range slices.Sorted(maps.Keys(dicts)) {
		m, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := m.Build()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range g.Params() {
			got = append(got, v.Name+" "+v.Type.Shape.String())
		}
		slices.Sort(got)
		want := slices.DeleteFunc(dicts[name], m.isAux)
		if d := difference(got, want); d != "" {
			t.Errorf("%s: parameters beyond PyTorch's: %s", name, d)
		}
		if d := difference(want, got); d != "" {
			t.Errorf("%s: PyTorch's parameters that are missing: %s", name, d)
		}
	}
}

// difference lists what sorted a has and sorted b has not.
func difference(a, b []string) string {
	var d []string
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found {
			d = append(d, s)
		}
	}
	return strings.Join(d, "; ")
}
