package bench

import (
	"math"
	"slices"
	"testing"

	"mixq/quantize"
)

func TestSpearman(t *testing.T) {
	tests := []struct {
		name string
		x, y []float64
		want float64
	}{
		{"any increasing function", []float64{3, 1, 2, 9}, []float64{9, 1, 4, 81}, 1},
		{"constant", []float64{1, 1, 1}, []float64{1, 2, 3}, 0},
		{"reversed", []float64{1, 2, 3}, []float64{5, 4, -3}, -1},
		{"one pair exchanged", []float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 5, 4}, 1 - 6.*2/(5*24)},
	}
	for _, tt := range tests {
		if got := spearman(tt.x, tt.y); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if got, want := ranks([]float64{5, 1, 5, 0, 5}), []float64{3, 1, 3, 0, 3}; !slices.Equal(got, want) {
		t.Errorf("ranks %v, want %v", got, want)
	}
}

func TestCorrelations(t *testing.T) {
	table := func(values ...[]float64) *quantize.SensTable {
		s := &quantize.SensTable{}
		for _, v := range values {
			s.Layers = append(s.Layers, quantize.LayerSens{Bits: []uint8{4, 2, 3}, Sensitivity: v})
		}
		return s
	}
	oracle := table([]float64{1, 30, 10}, []float64{2, 40, 12}, []float64{3, 50, 14})
	all, across := correlations(table([]float64{2, 30, 10}, []float64{1, 40, 12}, []float64{3, 50, 14}), oracle, []uint8{2, 3, 4})
	if math.Abs(all-(1-6.*2/(9*80))) > 1e-12 || !slices.Equal(across, []float64{1, 1, .5}) {
		t.Errorf("%v over all and %v across layers", all, across)
	}
}

// The metric's order of the layers is the reverse of the truth, so it gives the
// more bits to the wrong one.
func TestPlanCost(t *testing.T) {
	table := func(a, b float64) *quantize.SensTable {
		layer := func(name string, s float64) quantize.LayerSens {
			return quantize.LayerSens{Layer: name, Weights: 10, Channels: 1, Bits: []uint8{2, 4}, Sensitivity: []float64{s, s / 10}}
		}
		return &quantize.SensTable{Layers: []quantize.LayerSens{layer("a", a), layer("b", b)}}
	}
	truth := table(1, 5)
	for _, tt := range []struct {
		name   string
		metric *quantize.SensTable
		want   float64
	}{
		{"the truth", truth, 1 + .5},
		{"the reverse", table(5, 1), .1 + 5},
	} {
		got, err := planCost(t.Context(), tt.metric, truth, quantize.Budget{Kind: quantize.AverageBits, Value: 3})
		if err != nil || math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}
