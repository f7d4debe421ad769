package bench

import (
	"slices"
	"testing"

	"mixq/quantize"
)

func TestGrid(t *testing.T) {
	s := Spec{
		Runs: []Run{{Name: "alone"}},
		Grids: []Grid{
			{Run: Run{Bits: []int{4}, Rounding: quantize.Nearest}, Metrics: []quantize.Metric{quantize.Taylor, quantize.WeightMSE},
				Budgets: []quantize.Budget{{Kind: quantize.Compression, Value: 8}, {Kind: quantize.AverageBits, Value: 3}}},
			{Run: Run{Name: "r"}, Roundings: []quantize.Rounding{quantize.Nearest}},
			{Run: Run{Name: "one"}},
		},
	}
	var names []string
	for _, r := range s.runs() {
		names = append(names, r.Name)
	}
	if want := []string{"alone", "taylor, 8x", "taylor, 3b", "mse, 8x", "mse, 3b", "r, nearest", "one"}; !slices.Equal(names, want) {
		t.Errorf("runs %q, want %q", names, want)
	}
	r := s.runs()[4]
	if r.Metric != quantize.WeightMSE || r.Budget.Value != 3 || r.Rounding != quantize.Nearest || !slices.Equal(r.Bits, []int{4}) {
		t.Errorf("run %+v", r)
	}
	if s.runs()[5].Rounding != quantize.Nearest {
		t.Errorf("run %+v", s.runs()[5])
	}
}
