package models

import (
	"math"
	"strings"
	"testing"

	"mixq/nn"
	"mixq/tensor"
)

// The sizes that papers and torchvision publish: parameters without running
// statistics, multiply-accumulates of convolutions and linear layers.
func TestSizes(t *testing.T) {
	tests := []struct {
		name   string
		params int64
		gmacs  float64 // in billions, rounded to the given digits
		digits int
	}{
		// He et al. 2016, table 6
		{"resnet20", 269722, 0.04055104, 8},
		{"resnet32", 464154, 0.068862592, 9},
		{"resnet44", 658586, 0.097174144, 9},
		{"resnet56", 853018, 0.125485696, 9},
		{"resnet110", 1727962, 0.252887680, 9},
		// torchvision's model pages; auxiliary heads not counted
		{"resnet18", 11689512, 1.814, 3},
		{"resnet34", 21797672, 3.664, 3},
		{"resnet50", 25557032, 4.089, 3},
		{"resnet101", 44549160, 7.801, 3},
		{"resnet152", 60192808, 11.514, 3},
		{"mobilenet_v2", 3504872, 0.301, 3},
		{"mobilenet_v2_tf", 3504872, 0.301, 3},
		{"squeezenet1_1", 1235496, 0.349, 3},
		{"googlenet", 6624904, 1.498, 3},
		{"inception_v3", 23834568, 5.713, 3},
		// Howard et al. 2017, table 7: 4.2M and 569M, 2.6M and 325M, 1.3M and 149M, 0.5M and 41M
		{"mobilenet_v1", 4231976, 0.569, 3},
		{"mobilenet_v1_075", 2585560, 0.325, 3},
		{"mobilenet_v1_050", 1331592, 0.149, 3},
		{"mobilenet_v1_025", 470072, 0.041, 3},
	}
	for _, tt := range tests {
		g, err := Build(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Learned(g); got != tt.params {
			t.Errorf("%s: %d parameters, want %d", tt.name, got, tt.params)
		}
		scale := math.Pow(10, float64(tt.digits))
		if got := math.Round(float64(g.MACs())/1e9*scale) / scale; got != tt.gmacs {
			t.Errorf("%s: %d MACs, want %vG", tt.name, g.MACs(), tt.gmacs)
		}
	}
}

func TestUnknownName(t *testing.T) {
	_, err := Build("resnet21")
	if err == nil {
		t.Fatal("resnet21 was built")
	}
	for _, want := range []string{"models: ", `"resnet21"`, "resnet20", "inception_v3"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not mention %s", err, want)
		}
	}
}

// Every network fits its own row of the registry.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if seen[m.Name] {
			t.Errorf("%s is registered twice", m.Name)
		}
		seen[m.Name] = true
		g, err := m.Build()
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		in, out := g.Inputs[0].Type.Shape, g.Outputs[0].Type.Shape
		if !in.Equal(tensor.Shape{1, 3, m.Input.Size, m.Input.Size}) || !out.Equal(tensor.Shape{1, m.Classes}) {
			t.Errorf("%s: %v to %v, want %d pixels to %d classes", m.Name, in, out, m.Input.Size, m.Classes)
		}
	}
}

// zeros is a checkpoint of g whose tensors are zero; those of one shape share
// their memory.
func zeros(g *nn.Graph) map[string]*tensor.Tensor {
	w := map[string]*tensor.Tensor{}
	byShape := map[string]*tensor.Tensor{}
	for _, v := range g.Params() {
		s := v.Type.Shape.String()
		if byShape[s] == nil {
			byShape[s] = tensor.New(tensor.Float32, v.Type.Shape...)
		}
		w[v.Name] = byShape[s]
	}
	return w
}

// Load drops what belongs to auxiliary heads, and nothing else.
func TestLoadAux(t *testing.T) {
	tests := []struct {
		name, extra string
		ok          bool
	}{
		{"squeezenet1_1", "", true},
		{"googlenet", "aux1.fc1.weight", true},
		{"googlenet", "aux2.conv.bn.running_mean", true},
		{"googlenet", "aux3.fc1.weight", false},
		{"googlenet", "AuxLogits.fc.weight", false},
		{"inception_v3", "AuxLogits.conv0.conv.weight", true},
		{"inception_v3", "AuxLogits", false},
		{"squeezenet1_1", "aux1.fc1.weight", false},
	}
	for _, tt := range tests {
		m, err := Find(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := m.Build()
		if err != nil {
			t.Fatal(err)
		}
		w := zeros(g)
		if tt.extra != "" {
			w[tt.extra] = tensor.New(tensor.Float32, 1)
		}
		_, err = m.Load(w)
		if (err == nil) != tt.ok {
			t.Errorf("%s with %q: error %v, want success %v", tt.name, tt.extra, err, tt.ok)
		}
		if err != nil && !strings.Contains(err.Error(), tt.extra) {
			t.Errorf("%s with %q: error %q does not name it", tt.name, tt.extra, err)
		}
	}
}
