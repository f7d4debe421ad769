package quantize

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// full is the matrix of sensitivities and interactions.
func full(values [][]float64, p *Pairs) *mat.SymDense {
	g := mat.NewSymDense(len(p.Rows), nil)
	for i, v := range slices.Concat(values...) {
		g.SetSym(i, i, v)
		for j, v := range p.Rows[i] {
			g.SetSym(i, j, v)
		}
	}
	return g
}

// The projection of a sum of perturbations is the sum of theirs: the interaction
// of two is what the sensitivity of both together has beyond those of each.
func TestPairsOfASum(t *testing.T) {
	e := regressionExperiment(t, 3)
	a, b, both := e.cands[0][0], candidate{}, candidate{}
	rng := rand.New(rand.NewPCG(6, 3))
	for _, v := range a.weight {
		w := float32(rng.NormFloat64() * .02)
		b.weight, both.weight = append(b.weight, w), append(both.weight, v+w)
	}
	for _, v := range a.bias {
		w := rng.NormFloat64() * .02
		b.bias, both.bias = append(b.bias, w), append(both.bias, v+w)
	}
	e.cands = [][]candidate{{a, b, both}}
	values, pairs, err := measures[FisherPairs].pairs(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	v := values[0]
	if got, want := pairs.Rows[1][0], (v[2]-v[0]-v[1])/2; math.Abs(got-want) > 1e-5*math.Sqrt(v[0]*v[1]) {
		t.Errorf("interaction %v, want %v", got, want)
	}
	if pairs.Shrinkage != 1 {
		t.Errorf("shrinkage %v, want 1: there is one layer", pairs.Shrinkage)
	}
}

// The diagonal is the default metric to the last bit, the matrix is positive
// semidefinite, threads do not matter, and the table survives its file.
func TestFisherPairs(t *testing.T) {
	g := testNet(t, "resnet8")
	set, err := collect(noise(34, 34, 5), g)
	if err != nil {
		t.Fatal(err)
	}
	table := func(m Metric, threads int) *SensTable {
		cfg := Config{Bits: []uint8{2, 8}, ActBits: []uint8{4, 8}, Metric: m, SensDraws: 2, Positions: 4, Threads: threads}.withDefaults()
		settings, err := Resolve(g, cfg)
		if err != nil {
			t.Fatal(err)
		}
		st, err := Calibrate(context.Background(), g, settings.Acts, set.images, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Sensitivity(context.Background(), g, settings, st, set.images, set.labels, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	want, got, other := table(FisherProjection, 2), table(FisherPairs, 1), table(FisherPairs, 3)
	if !reflect.DeepEqual(got, other) {
		t.Error("threads change the table")
	}
	if !reflect.DeepEqual(got.Layers, want.Layers) || !reflect.DeepEqual(got.Acts, want.Acts) {
		t.Error("the diagonal differs from that of fisher")
	}
	var eig mat.EigenSym
	if !eig.Factorize(full(got.values(), got.Pairs), false) {
		t.Fatal("no eigenvalues")
	}
	if v := eig.Values(nil); v[0] < -1e-12*v[len(v)-1] {
		t.Errorf("eigenvalues from %v to %v", v[0], v[len(v)-1])
	}
	if s := got.Pairs.Shrinkage; !(s > 0 && s <= 1) {
		t.Errorf("shrinkage %v", s)
	}
	b, err := json.Marshal(got)
	back := new(SensTable)
	if err != nil || json.Unmarshal(b, back) != nil || !reflect.DeepEqual(got, back) {
		t.Error("the table changes in its file", err)
	}
}

// values are the sensitivities of the candidates of Pairs.
func (t *SensTable) values() (v [][]float64) {
	for _, l := range t.Layers {
		v = append(v, l.Sensitivity)
	}
	for _, a := range t.Acts {
		v = append(v, a.Sensitivity)
	}
	return v
}

// Of projections that are independent nearly all of the measured interaction is
// noise, of equal ones nearly none.
func TestShrinkage(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 4))
	for _, tt := range []struct{ common, low, high float64 }{{0, .9, 1}, {1, 0, .01}, {.2, .2, .8}} {
		const n, images = 30, 200
		g := &gram{images: images}
		for i := range n {
			g.row = append(g.row, i/2)
			g.mean, g.squares = append(g.mean, make([]float64, i+1)), append(g.squares, make([]float64, i+1))
		}
		var as [][][]float64
		for range images {
			shared, a := rng.NormFloat64(), make([]float64, n)
			for i := range a {
				own := rng.NormFloat64()
				a[i] = float64(1+i) * (tt.common*shared + (1-tt.common)*own)
			}
			as = append(as, [][]float64{a})
		}
		for i := range n {
			g.addRow(i, as)
		}
		scale(g.mean, 1./images)
		scale(g.squares, 1./images)
		if got := g.shrinkage(); got < tt.low || got > tt.high {
			t.Errorf("common part %v: shrinkage %v, want %v to %v", tt.common, got, tt.low, tt.high)
		}
	}
}

// Tables that are damaged are errors.
func TestPairsCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(*Pairs)
		want   string
	}{
		{"short", func(p *Pairs) { p.Rows = p.Rows[:5] }, "interactions of 5 candidates, but sensitivities of 6"},
		{"uneven", func(p *Pairs) { p.Rows[3] = p.Rows[2] }, "row 3 of the interactions has 2 numbers, want 3"},
		{"not a number", func(p *Pairs) { p.Rows[3][1] = math.NaN() }, "finite"},
		{"shrinkage", func(p *Pairs) { p.Shrinkage = 1.1 }, "shrinkage of the interactions is 1.1"},
	} {
		rng := rand.New(rand.NewPCG(6, 5))
		table := randomTable(rng, 2, 2, 4, 8)
		randomPairs(rng, table, 5, .5)
		tt.damage(table.Pairs)
		_, err := Allocate(context.Background(), table, budgets(Budget{Compression, 8}))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
		if _, restricted := table.Restrict(nil); restricted == nil || restricted.Error() != err.Error() {
			t.Errorf("%s: restricting gives %v", tt.name, restricted)
		}
	}
}

// Restricting a table takes the rows and columns of what is left.
func TestRestrictPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	table := randomTable(rng, 3, 2, 4, 8)
	randomActs(rng, table, 4, 8)
	randomPairs(rng, table, 5, .5)
	got, err := table.Restrict([]Rule{{Layer: "b", Bits: []uint8{8, 2}}, {Layer: "c", Max: 4}})
	if err != nil {
		t.Fatal(err)
	}
	kept := []int{0, 1, 2, 3, 5, 6, 7}
	for i := 9; i < len(table.Pairs.Rows); i++ {
		kept = append(kept, i)
	}
	if len(got.Pairs.Rows) != len(kept) || got.Pairs.check(len(kept)) != nil {
		t.Fatalf("%d rows, want %d", len(got.Pairs.Rows), len(kept))
	}
	for i, a := range kept {
		for j, b := range kept[:i] {
			if got.Pairs.at(i, j) != table.Pairs.at(a, b) {
				t.Errorf("interaction %d, %d is %v, want that of %d, %d, %v", i, j, got.Pairs.at(i, j), a, b, table.Pairs.at(a, b))
			}
		}
	}
}
