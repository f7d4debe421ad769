package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
	"mixq/nn"
	"mixq/tensor"
)

// values runs g on x and returns every value of every image: [value][image].
func values(t *testing.T, g *nn.Graph, o Options, x *tensor.Tensor) map[*nn.Value][][]float32 {
	t.Helper()
	vals := map[*nn.Value][][]float32{}
	n := x.Shape()[0]
	var order []*nn.Node
	o.Observe = func(node *nn.Node, v *nn.Value, data []float32) {
		order = append(order, node)
		size := len(data) / n
		for i := range n {
			vals[v] = append(vals[v], slices.Clone(data[i*size:(i+1)*size]))
		}
	}
	p, err := Compile(g, o)
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	if _, err := s.Run(x); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, g.Nodes) {
		t.Error("Observe did not see every node once and in order")
	}
	return vals
}

func image64(x *tensor.Tensor, i int) []float64 {
	size := x.Len() / x.Shape()[0]
	out := make([]float64, size)
	for j, v := range x.Float32()[i*size : (i+1)*size] {
		out[j] = float64(v)
	}
	return out
}

// TestFloat compares every value with the oracle. The bound is loose only
// where errors of earlier layers grow: 1e-4 of the largest element after twenty
// layers of at most 600 products, whose own error is about 600·2^-24.
func TestFloat(t *testing.T) {
	g := everything(t)
	x := randomReal(rand.New(rand.NewPCG(3, 3)), g.Inputs[0], 5)
	isatest.Each(t, func(t *testing.T) {
		for _, threads := range []int{1, 3} {
			vals := values(t, g, Options{Mode: Float, Batch: 5, Threads: threads}, x)
			for i := range 5 {
				want := runOracle(g, [][]float64{image64(x, i)}, realOracle)
				for _, n := range g.Nodes {
					if err := near(vals[n.Out[0]][i], want[n.Out[0]].v, 1e-4); err != nil {
						t.Fatalf("threads %d: image %d: %s: %v", threads, i, n.Name, err)
					}
				}
			}
		}
	})
}

func near(got []float32, want []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	var size float64
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tol*size) {
			return fmt.Errorf("element %d = %v, want %v", i, got[i], w)
		}
	}
	return nil
}

// TestFloatThreads: float results are the same bits for any number of threads,
// batch and group.
func TestFloatThreads(t *testing.T) {
	g := everything(t)
	x := randomReal(rand.New(rand.NewPCG(3, 3)), g.Inputs[0], 6)
	var want [][]float32
	for _, o := range []Options{{Threads: 1, Batch: 6}, {Threads: 1, Batch: 1}, {Threads: 2, Batch: 6}, {Threads: 7, Batch: 4}, {Threads: 3, Batch: 100}} {
		o.Mode = Float
		got := runAll(t, g, o, x)
		if want == nil {
			want = got
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%+v: output %d differs", o, i)
			}
		}
	}
}

// runAll runs all images in batches and joins the real-valued outputs.
func runAll(t *testing.T, g *nn.Graph, o Options, x *tensor.Tensor) [][]float32 {
	t.Helper()
	p, err := Compile(g, o)
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	all := make([][]float32, len(g.Outputs))
	for lo := 0; lo < x.Shape()[0]; lo += max(o.Batch, 1) {
		out, err := s.Run(x.Slice(lo, min(lo+max(o.Batch, 1), x.Shape()[0])))
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range out {
			if y.DType() == tensor.Uint8 {
				for _, c := range y.Uint8() {
					all[i] = append(all[i], float32(c))
				}
				continue
			}
			all[i] = append(all[i], y.Float32()...)
		}
	}
	return all
}
