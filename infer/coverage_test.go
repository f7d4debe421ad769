package infer

import (
	"slices"
	"testing"

	"mixq/nn"
)

// unsupported are the kinds that have no form in codes.
var unsupported = []nn.Kind{nn.KindBatchNorm, nn.KindSoftmax}

// TestCoverage: every kind of layer runs, and everything has one of each.
func TestCoverage(t *testing.T) {
	used := map[nn.Kind]bool{}
	for _, n := range everything(t).Nodes {
		used[n.Op.Kind()] = true
	}
	for _, k := range nn.Kinds() {
		if int(k) >= len(ops) || ops[k].real == nil {
			t.Errorf("%v has no row in ops", k)
			continue
		}
		if got, want := ops[k].codes != nil, !slices.Contains(unsupported, k); got != want {
			t.Errorf("%v: runs on codes: %v, want %v", k, got, want)
		}
		if !used[k] {
			t.Errorf("%v is missing in the network that the tests run", k)
		}
	}
}
