package models

import (
	"testing"

	"mixq/nn"
	"mixq/tensor"
)

// Sizes of He et al. 2016, table 6, as the checkpoints have them: convolution,
// linear and batch-norm scale and shift (running statistics not counted).
func TestCIFARResNetSizes(t *testing.T) {
	tests := []struct {
		name   string
		params int64
		macs   int64
	}{
		{"resnet20", 269722, 40551040},
		{"resnet32", 464154, 68862592},
		{"resnet44", 658586, 97174144},
		{"resnet56", 853018, 125485696},
		{"resnet110", 1727962, 252887680},
	}
	for _, tt := range tests {
		g, err := Build(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		var running int64
		for _, n := range g.Nodes {
			if n.Op.Kind() == nn.KindBatchNorm {
				running += 2 * int64(n.In[3].Type.Shape.Elems())
			}
		}
		if got := g.NumParams() - running; got != tt.params {
			t.Errorf("%s: %d parameters, want %d", tt.name, got, tt.params)
		}
		if got := g.MACs(); got != tt.macs {
			t.Errorf("%s: %d MACs, want %d", tt.name, got, tt.macs)
		}
	}
}

func TestBuildUnknown(t *testing.T) {
	_, err := Build("resnet21")
	if err == nil {
		t.Fatal("resnet21 was built")
	}
}

// Every registered network binds exactly its own parameters.
func TestBindAll(t *testing.T) {
	for _, name := range Names() {
		g, err := Build(name)
		if err != nil {
			t.Fatal(err)
		}
		w := map[string]*tensor.Tensor{}
		for _, v := range g.Params() {
			w[v.Name] = tensor.New(tensor.Float32, v.Type.Shape...)
		}
		if err := nn.Bind(g, w); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
