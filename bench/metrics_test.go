package bench

import (
	"math"
	"slices"
	"strings"
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

func TestAgreement(t *testing.T) {
	table := func(values ...[]float64) *quantize.SensTable {
		s := &quantize.SensTable{}
		for _, v := range values {
			s.Layers = append(s.Layers, quantize.LayerSens{Bits: []uint8{4, 2, 3}, Sensitivity: v})
		}
		return s
	}
	oracle := table([]float64{1, 30, 10}, []float64{2, 40, 12}, []float64{3, 50, 14})
	all, layers := agreement(table([]float64{2, 30, 10}, []float64{1, 40, 12}, []float64{3, 50, 14}), oracle)
	if math.Abs(all-(1-6.*2/(9*80))) > 1e-12 || math.Abs(layers-(.5+1+1)/3) > 1e-12 {
		t.Errorf("%v over all and %v across layers", all, layers)
	}
}

func TestCompareTable(t *testing.T) {
	r := Result{Metrics: []MetricRow{{Metric: quantize.HessianTrace, All: .5, Layers: -.25, Seconds: 3}}}
	var b strings.Builder
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "hessian-trace  0.500          -0.250         3.0") {
		t.Errorf("got\n%s", b.String())
	}
}
