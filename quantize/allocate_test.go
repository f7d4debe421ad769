package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomTable has layers of uneven size whose sensitivities fall with the bits,
// all with one input of 8 bits.
func randomTable(rng *rand.Rand, layers int, bits ...uint8) *SensTable {
	t := &SensTable{Overhead: 300, Memory: 5000, Acts: []ActSens{{Value: "x", Bits: []uint8{8}}}}
	for i := range layers {
		c := int64(1 + rng.IntN(20))
		l := LayerSens{Layer: string(rune('a' + i)), Input: "x", Channels: c, Weights: c * int64(1+rng.IntN(300)), Bits: bits}
		l.Sensitivity = randomSensitivity(rng, bits)
		l.MACs = l.Weights * int64(1+rng.IntN(100))
		t.Layers = append(t.Layers, l)
	}
	return t
}

func randomSensitivity(rng *rand.Rand, bits []uint8) (s []float64) {
	base := math.Exp(3 * rng.NormFloat64())
	for _, b := range bits {
		s = append(s, base*math.Exp2(-2*float64(b))*(.8+.4*rng.Float64()))
	}
	return s
}

func TestAllocateIsOptimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 60 {
		table := randomTable(rng, 2+rng.IntN(5), 2, 3, 4, 6, 8)
		for _, b := range []Budget{{Compression, 8}, {Compression, 11.5}, {AverageBits, 5.25}, {FileBytes, math.Floor(float64(table.weights())*.55) + 5*120 + 300},
			{BOPsCompression, 32}, {BitOperations, math.Floor(floatOperations(table) / 50)}} {
			if !checkAllocation(t, table, budgets(b)) {
				t.Errorf("%v: impossible", b)
			}
		}
		if !checkAllocation(t, table, Limits{}) {
			t.Error("impossible without budgets")
		}
	}
}

func TestAllocateImpossible(t *testing.T) {
	table := randomTable(rand.New(rand.NewPCG(4, 2)), 4, 3, 4)
	for _, tt := range []struct {
		budgets []Budget
		want    string
	}{
		{[]Budget{{Compression, 40}}, "budget 40x is impossible: with these candidate bits 10.666x is the nearest"},
		{[]Budget{{AverageBits, 2.5}}, " 3b is the nearest"},
		{[]Budget{{FileBytes, 10}}, "B is the nearest"},
		{[]Budget{{ActivationBytes, 4999}}, "budget memory=4.999kB is impossible: with these candidate bits memory=5kB is the nearest"},
		{[]Budget{{Compression, math.NaN()}}, "not positive and finite"},
		{[]Budget{{AverageBits, 2.5}, {ActivationBytes, 10}}, "budgets 2.5b, memory=10B are impossible together: with these candidate bits and the other budgets as they are, the nearest are 3b (alone, for the others exclude each other), memory=5kB (alone"},
		{[]Budget{{AverageBits, 3.5}, {ActivationBytes, 10}}, "memory=5kB;"},
		{[]Budget{{RunTime, 1}}, "needs a latency table"},
		{[]Budget{{}}, "not positive and finite"},
	} {
		_, err := Allocate(context.Background(), table, budgets(tt.budgets...))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.budgets, err, tt.want)
		}
	}
}

// What the error of an impossible budget proposes can be had.
func TestReachable(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	for range 30 {
		table := randomTable(rng, 5, 3, 5)
		for _, b := range []Budget{{Compression, 40}, {AverageBits, .5}, {FileBytes, 10}, {BitOperations, 100}, {BOPsCompression, 500}, {ActivationBytes, 7}} {
			if checkAllocation(t, table, budgets(b)) {
				t.Errorf("%v is possible", b)
			}
		}
	}
}

// Tables that do not say what a limit needs, as files may be, are errors.
func TestAllocateIncomplete(t *testing.T) {
	bops := budgets(Budget{BitOperations, 1e9})
	for _, tt := range []struct {
		name   string
		damage func(*SensTable)
		limits Limits
		want   string
	}{
		{"no sensitivities", func(s *SensTable) { s.Layers[1].Sensitivity = nil }, Limits{}, "layer b"},
		{"no bits", func(s *SensTable) { s.Layers[1].Bits, s.Layers[1].Sensitivity = nil, nil }, Limits{}, "layer b"},
		{"strange bits", func(s *SensTable) { s.Layers[1].Bits = []uint8{2, 200} }, Limits{}, "layer b"},
		{"no weights", func(s *SensTable) { s.Layers[1].Weights = 0 }, Limits{}, "layer b"},
		{"unmeasured activation", func(s *SensTable) { s.Acts[0].Bits = []uint8{4, 8} }, Limits{}, "activation x"},
		{"strange activation", func(s *SensTable) { s.Acts[0].Bits = []uint8{9} }, Limits{}, "activation x"},
		{"no inputs", func(s *SensTable) { s.Layers[0].Input = "" }, bops, "input of a"},
		{"no work", func(s *SensTable) { s.Layers[0].MACs = 0 }, bops, "input of a"},
		{"no memory", func(s *SensTable) { s.Memory = 0 }, budgets(Budget{ActivationBytes, 1}), "memory of activations"},
		{"inputs to tie", func(s *SensTable) { s.Layers[1].Input = "" }, Limits{Ties: []Tie{{"*", true}}}, `tie "*:act": the sensitivities do not tell the input of b`},
		{"tie of nothing", func(s *SensTable) {}, Limits{Ties: []Tie{{Layers: "fc"}}}, `tie "fc" matches no layer`},
		{"tie without a common width", func(s *SensTable) { s.Layers[1].Bits = []uint8{3, 8} }, Limits{Ties: []Tie{{Layers: "?"}}}, "b is tied to a, but they have no candidate bits in common"},
	} {
		table := randomTable(rand.New(rand.NewPCG(4, 4)), 2, 2, 4)
		tt.damage(table)
		if _, err := Allocate(context.Background(), table, tt.limits); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// randomActs gives the layers of a table inputs of several widths: some read by
// several layers, some by none.
func randomActs(rng *rand.Rand, t *SensTable, bits ...uint8) {
	for i := range 1 + rng.IntN(3) {
		a := ActSens{Value: string(rune('u' + i)), Bits: bits}
		a.Sensitivity = randomSensitivity(rng, bits)
		t.Acts = append(t.Acts, a)
	}
	for i := range t.Layers {
		t.Layers[i].Input = t.Acts[rng.IntN(len(t.Acts))].Value
	}
}

// Bits of weights and activations are chosen together, within several budgets and
// with ties of both kinds; what cannot be met is explained.
func TestAllocateActs(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	ties := [][]Tie{nil, {{Layers: "[ab]"}}, {{Layers: "[ac]"}, {Layers: "[bc]"}}, {{Layers: "[ab]", Inputs: true}}, {{Layers: "[abc]"}, {Layers: "[bc]", Inputs: true}}}
	solved, impossible := 0, 0
	for i := range 150 {
		table := randomTable(rng, 3+rng.IntN(2), 2, 4, 5)
		randomActs(rng, table, 4, 6, 8)
		limits := Limits{Ties: ties[i%len(ties)], Table: timed(rng, table)}
		all := []Budget{
			{BitOperations, math.Floor(floatOperations(table) * (.006 + .03*rng.Float64()))},
			{Compression, 8 + 8*rng.Float64()},
			{RunTime, math.Floor(500 + 2000*float64(len(table.Layers))*rng.Float64())},
			{ActivationBytes, 5000},
			{BOPsCompression, 20 + 60*rng.Float64()},
		}
		for n := range len(all) + 1 {
			limits.Budgets = all[:n]
			if checkAllocation(t, table, limits) {
				solved++
			} else {
				impossible++
			}
		}
	}
	if solved < 150 || impossible < 150 {
		t.Errorf("%d solved, %d impossible; the cases are one-sided", solved, impossible)
	}
}
