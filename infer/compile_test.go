package infer

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mixq/nn"
	"mixq/tensor"
)

func TestCompileErrors(t *testing.T) {
	real := func(v *nn.Value) { v.Type = nn.Real(v.Type.Shape...) }
	for _, tt := range []struct {
		name, want string
		o          Options
		spoil      func(g *nn.Graph)
	}{
		{"batch", "batch -1", Options{Batch: -1}, nil},
		{"threads", "-2 threads", Options{Threads: -2}, nil},
		{"mode", "invalid mode 9", Options{Mode: 9}, nil},
		{"float mode", "x is quantized: run this network in integer or simulate mode", Options{Mode: Float}, nil},
		{"float mode, weights", "stem.weight is quantized", Options{Mode: Float}, func(g *nn.Graph) {
			for _, v := range g.Inputs {
				real(v)
			}
			for _, n := range g.Nodes {
				real(n.Out[0])
			}
		}},
		{"no data", "fc.bias has no data", Options{}, func(g *nn.Graph) { g.Node("fc").In[2].Data = nil }},
		{"invalid graph", "two layers are named", Options{}, func(g *nn.Graph) { g.Node("fc").Name = "stem" }},
		{"batch in the graph", "compile a graph for one image", Options{}, func(g *nn.Graph) {
			b, err := g.WithBatch(2)
			if err != nil {
				panic(err)
			}
			*g = *b
		}},
		{"mixed inputs", "add: some inputs are quantized and some are not", Options{}, func(g *nn.Graph) { real(g.Node("pointwise").Out[0]) }},
		{"real pool of codes", "included: the input is quantized but the output is not", Options{}, func(g *nn.Graph) { real(g.Node("included").Out[0]) }},
		{"codes from reals", "bn: the input is real but the output quantized", Options{}, func(g *nn.Graph) {
			g.Node("bn").Out[0].Type = g.Node("quant").Out[0].Type
		}},
		{"softmax of codes", "softmax: a softmax of quantized values is not supported", Options{}, func(g *nn.Graph) {
			g.Node("softmax").In[0] = g.Node("head").Out[0]
		}},
		{"float weight", "fc: the input is quantized but fc.weight is", Options{}, func(g *nn.Graph) {
			v := g.Node("fc").In[1]
			v.Type, v.Data = nn.Real(v.Type.Shape...), tensor.New(tensor.Float32, v.Type.Shape...)
		}},
		{"float bias", "fc: the input is quantized but fc.bias is", Options{}, func(g *nn.Graph) {
			v := g.Node("fc").In[2]
			v.Type, v.Data = nn.Real(7), tensor.New(tensor.Float32, 7)
		}},
		{"overflow", "fc: the sum of output channel 3, with its bias, can leave 32 bits", Options{}, func(g *nn.Graph) {
			v := g.Node("fc").In[2]
			v.Data = v.Data.Clone()
			v.Data.Int32()[3] = math.MaxInt32
		}},
		{"wild scale", "x has scale 1e+30", Options{}, func(g *nn.Graph) {
			q := *g.Inputs[0].Type.Quant
			q.Scale = []float32{1e30}
			g.Inputs[0].Type.Quant = &q
		}},
		{"wild weight scale", "stem: the scales of input, weight and output of channel 0", Options{}, func(g *nn.Graph) {
			q := *g.Node("stem").In[1].Type.Quant
			q.Scale = slices.Repeat([]float32{3e38}, len(q.Scale))
			g.Node("stem").In[1].Type.Quant = &q
			y := *g.Node("stem").Out[0].Type.Quant
			y.Scale = []float32{1e-6}
			g.Node("stem").Out[0].Type.Quant = &y
		}},
		{"parameter as input", "parameter p is used as an activation", Options{}, func(g *nn.Graph) {
			v := *g.Node("dilated").Out[0]
			v.Name, v.Data = "p", tensor.New(tensor.Uint8, v.Type.Shape...)
			g.Node("add").In[0] = &v
		}},
		{"pixel channels", "pixel table of 3 channels", Options{}, func(g *nn.Graph) { g.Pixels = make(nn.PixelTable, 3) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := quantizeRandom(everything(t), 4, rand.New(rand.NewPCG(1, 1)))
			if tt.spoil != nil {
				tt.spoil(g)
			}
			_, err := Compile(g, tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.mixq")
	if err := os.WriteFile(path, []byte("nothing of the kind"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error = %v, want one with the path", err)
	}
	if _, err := Open("testdata/tiny.mixq", Options{Batch: -1}); err == nil || !strings.Contains(err.Error(), "tiny.mixq") {
		t.Errorf("error = %v, want one with the path", err)
	}
}

// TestSessionsShareProgram runs sessions of one program at the same time.
func TestSessionsShareProgram(t *testing.T) {
	g := quantizeRandom(everything(t), 3, rand.New(rand.NewPCG(1, 1)))
	p, err := Compile(g, Options{Batch: 2, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	x := randomReal(rand.New(rand.NewPCG(2, 2)), g.Inputs[0], 2)
	results := make([][]float32, 4)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			s := p.NewSession()
			defer s.Close()
			for range 5 {
				out, err := s.Run(x)
				if err != nil {
					t.Error(err)
					return
				}
				results[i] = slices.Clone(out[0].Float32())
			}
		})
	}
	wg.Wait()
	for i := range results {
		if !slices.Equal(results[i], results[0]) {
			t.Errorf("session %d gives other results than session 0", i)
		}
	}
}
