package infer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mixq/nn"
	"mixq/tensor"
)

func TestRunDoesNotAllocate(t *testing.T) {
	for _, tt := range allocCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			for _, threads := range []int{1, 2} {
				tt.o.Threads, tt.o.Batch = threads, 3
				p, err := Compile(tt.g, tt.o)
				if err != nil {
					t.Fatal(err)
				}
				s := p.NewSession()
				defer s.Close()
				x := randomReal(rand.New(rand.NewPCG(1, 1)), tt.g.Inputs[0], 3)
				few := x.Slice(0, 2)
				n := testing.AllocsPerRun(20, func() {
					for _, in := range []*tensor.Tensor{x, few} {
						if _, err := s.Run(in); err != nil {
							t.Fatal(err)
						}
					}
				})
				if n != 0 {
					t.Errorf("%d threads: %v allocations a run, want 0", threads, n)
				}
			}
		})
	}
}

type allocCase struct {
	name string
	g    *nn.Graph
	o    Options
}

func allocCases(t *testing.T) []allocCase {
	g := everything(t)
	q := quantizeRandom(g, 4, rand.New(rand.NewPCG(1, 1)))
	q8 := quantizeRandom(g, 8, rand.New(rand.NewPCG(1, 1)))
	return []allocCase{
		{"float", g, Options{Mode: Float}},
		{"integer 4 bits", q, Options{}},
		{"integer 8 bits", q8, Options{}},
		{"simulate", q, Options{Mode: Simulate}},
	}
}

// TestTrace: a Run tells of all inputs, layers and outputs, once for each group
// of images.
func TestTrace(t *testing.T) {
	g := everything(t)
	q := quantizeRandom(g, 4, rand.New(rand.NewPCG(1, 1)))
	for _, mode := range []Mode{Integer, Float} {
		net := map[Mode]*nn.Graph{Integer: q, Float: g}[mode]
		var got []*nn.Node
		p, err := Compile(net, Options{Mode: mode, Batch: 7, Threads: 1, Trace: func(n *nn.Node) { got = append(got, n) }})
		if err != nil {
			t.Fatal(err)
		}
		p.group = 3 // so small a network would run 7 images at once
		s := p.NewSession()
		defer s.Close()
		if _, err := s.Run(randomReal(rand.New(rand.NewPCG(1, 2)), net.Inputs[0], 7)); err != nil {
			t.Fatal(err)
		}
		one := slices.Concat(make([]*nn.Node, len(net.Inputs)), net.Nodes, make([]*nn.Node, len(net.Outputs)))
		if want := slices.Repeat(one, 3); !slices.Equal(got, want) {
			t.Errorf("%v: told of %d steps, want %d", mode, len(got), len(want))
		}
	}
}

func TestRunErrors(t *testing.T) {
	g := everything(t)
	p, err := Compile(g, Options{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	x := func(d tensor.DType, shape ...int) *tensor.Tensor { return tensor.New(d, shape...) }
	for _, tt := range []struct {
		name string
		in   []*tensor.Tensor
		want string
	}{
		{"none", nil, "0 inputs, want 1"},
		{"too many images", []*tensor.Tensor{x(tensor.Float32, 3, 5, 11, 9)}, "up to 2 images"},
		{"size", []*tensor.Tensor{x(tensor.Float32, 1, 5, 11, 8)}, "input x is 1x5x11x8"},
		{"rank", []*tensor.Tensor{x(tensor.Float32, 1, 5, 99)}, "input x is"},
		{"bytes without a table", []*tensor.Tensor{x(tensor.Uint8, 1, 5, 11, 9)}, "uint8, want float32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.Run(tt.in...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}
