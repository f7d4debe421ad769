package quantize

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mixq/milp"
)

// randomTable has layers of uneven size whose sensitivities fall with the bits.
func randomTable(rng *rand.Rand, layers int, bits ...uint8) *SensTable {
	t := &SensTable{}
	for i := range layers {
		c := int64(1 + rng.IntN(20))
		l := LayerSens{Layer: string(rune('a' + i)), Channels: c, Weights: c * int64(1+rng.IntN(300)), Bits: bits}
		s := math.Exp(3 * rng.NormFloat64())
		for _, b := range bits {
			l.Sensitivity = append(l.Sensitivity, s*math.Exp2(-2*float64(b))*(.8+.4*rng.Float64()))
		}
		t.Layers = append(t.Layers, l)
	}
	return t
}

// best tries every allocation.
func best(t *SensTable, kind BudgetKind, capacity int64) float64 {
	least := math.Inf(1)
	var try func(i int, used int64, sum float64)
	try = func(i int, used int64, sum float64) {
		if used > capacity || sum >= least {
			return
		}
		if i == len(t.Layers) {
			least = sum
			return
		}
		for j, b := range t.Layers[i].Bits {
			try(i+1, used+t.Layers[i].cost(kind, b), sum+t.Layers[i].Sensitivity[j])
		}
	}
	try(0, 0, 0)
	return least
}

func TestAllocateIsOptimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 60 {
		table := randomTable(rng, 2+rng.IntN(6), 2, 3, 4, 6, 8)
		for _, b := range []Budget{{Compression, 8}, {Compression, 11.5}, {AverageBits, 5.25}, {FileBytes, float64(table.weights())*.55 + 5*120 + 300}} {
			const overhead = 300
			plan, err := Allocate(context.Background(), table, Limits{Size: b, Overhead: overhead})
			if err != nil {
				t.Fatal(err)
			}
			want := best(table, b.Kind, b.capacity(table, overhead))
			if math.Abs(plan.Objective-want) > 1e-12*want {
				t.Errorf("%v: objective %v, want %v", b, plan.Objective, want)
			}
			if plan.Status != milp.Optimal || plan.Bound < want*(1-1e-9) || plan.Used > plan.Capacity || len(plan.Layers) != len(table.Layers) {
				t.Errorf("%v: plan %+v", b, plan)
			}
		}
	}
}

func TestAllocateImpossible(t *testing.T) {
	table := randomTable(rand.New(rand.NewPCG(4, 2)), 4, 3, 4)
	for _, tt := range []struct {
		budget Budget
		want   string
	}{
		{Budget{Compression, 40}, "10.666x"},
		{Budget{AverageBits, 2.5}, "3b"},
		{Budget{FileBytes, 10}, "B;"},
		{Budget{Compression, math.NaN()}, "not a positive"},
	} {
		_, err := Allocate(context.Background(), table, Limits{Size: tt.budget, Overhead: 100})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.budget, err, tt.want)
		}
	}
}

// What the error of an impossible budget proposes can be had.
func TestReachable(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	for range 50 {
		table := randomTable(rng, 5, 3, 5)
		for _, budget := range []Budget{{Compression, 40}, {AverageBits, .5}, {FileBytes, 10}} {
			_, err := Allocate(context.Background(), table, Limits{Size: budget, Overhead: 77})
			impossible, ok := errors.AsType[*BudgetError](err)
			if !ok {
				t.Fatalf("%v: error %v", budget, err)
			}
			if _, err := Allocate(context.Background(), table, Limits{Size: impossible.Smallest, Overhead: 77}); err != nil {
				t.Errorf("proposed %v: %v", impossible.Smallest, err)
			}
		}
	}
}

func TestParseBudget(t *testing.T) {
	tests := []struct {
		in   string
		want Budget
	}{
		{"8x", Budget{Compression, 8}}, {"10.67x", Budget{Compression, 10.67}},
		{"4.0b", Budget{AverageBits, 4}}, {"3b", Budget{AverageBits, 3}},
		{"6MB", Budget{FileBytes, 6e6}}, {"150kB", Budget{FileBytes, 150e3}}, {"150KB", Budget{FileBytes, 150e3}},
		{"1.5MiB", Budget{FileBytes, 1.5 * (1 << 20)}}, {"64KiB", Budget{FileBytes, 65536}}, {"1000B", Budget{FileBytes, 1000}},
	}
	for _, tt := range tests {
		got, err := ParseBudget(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseBudget(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
		back, err := ParseBudget(got.String())
		if err != nil || back != got {
			t.Errorf("%q came back as %v, %v", got, back, err)
		}
	}
	for _, in := range []string{"", "8", "x", "-8x", "0x", "NaNx", "Infx", "8X", "8 x", "MB", "1e400x"} {
		if got, err := ParseBudget(in); err == nil {
			t.Errorf("ParseBudget(%q) = %v, want an error", in, got)
		} else if !strings.Contains(err.Error(), `"`+in+`"`) {
			t.Errorf("ParseBudget(%q): error %v does not quote it", in, err)
		}
	}
}
