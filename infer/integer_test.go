package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isa"
	"mixq/internal/isatest"
	"mixq/nn"
	"mixq/tensor"
)

// codesOracle computes a layer of a quantized graph from exact integers, as
// NUMERICS.md 3 to 12 define it. Codes are held as float64, which is exact.
func codesOracle(n *nn.Node, in []*planes) *planes {
	if activations(n)[0].Type.Quant == nil {
		y := realOracle(n, in)
		if n.Out[0].Type.Quant == nil {
			return y
		}
		return eachElement(y, func(v float64) float64 { return round(v/scaleOf(n.Out[0]), n.Out[0], nn.NoAct) })
	}
	if n.Op.Kind().CodesMove() {
		return moveOracle(n, in, zeroOf(n.In[0]))
	}
	out := n.Out[0]
	s, zero := scaleOf(activations(n)[0]), zeroOf(activations(n)[0])
	x := eachElement(in[0], func(v float64) float64 { return v - zero })
	switch op := n.Op.(type) {
	case *nn.Conv2d:
		shape := n.In[1].Type.Shape
		weight := weightsOf(n.In[1])
		acc := convolve(x, op.Conv2dParams, shape[0], func(o, c, i, j int) float64 {
			return weight[((o*shape[1]+c)*shape[2]+i)*shape[3]+j]
		}, 0)
		var res *planes
		if op.Residual {
			res = in[1]
		}
		return finishOracle(n, acc, res, op.Act)
	case *nn.Linear:
		weight := weightsOf(n.In[1])
		acc := newPlanes(out.Type.Shape[1], 1, 1).fill(func(o, _, _ int) float64 {
			var s float64
			for i, v := range x.v {
				s += v * weight[o*len(x.v)+i]
			}
			return s
		})
		return finishOracle(n, acc, nil, op.Act)
	case *nn.Activate:
		return eachElement(x, func(v float64) float64 { return round(activate(op.Act, s*v)/scaleOf(out), out, nn.NoAct) })
	case *nn.Quantize:
		return eachElement(x, func(v float64) float64 { return round(s*v/scaleOf(out), out, nn.NoAct) })
	case *nn.Dequantize:
		return eachElement(x, func(v float64) float64 { return s * v })
	case *nn.Add:
		b := n.In[1]
		ma, mb := float32(s/scaleOf(out)), float32(scaleOf(b)/scaleOf(out))
		return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 {
			y := float32(x.at(c, i, j, 0)) * ma
			y += float32(float32(in[1].at(c, i, j, 0)-zeroOf(b)) * mb)
			return round(float64(y), out, op.Act)
		})
	case *nn.Mul:
		m := float32(s * scaleOf(n.In[1]) / scaleOf(out))
		return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 {
			y := float32(x.at(c, i, j, 0)*(in[1].gate(c, i, j)-zeroOf(n.In[1]))) * m
			return round(float64(y), out, nn.NoAct)
		})
	case *nn.AvgPool:
		return pool(x, op.Pool2dParams, func(v []float64, whole int) float64 {
			if !op.CountIncludePad {
				whole = len(v)
			}
			return meanOracle(sum(v), float64(whole), s, out)
		})
	case *nn.GlobalAvgPool:
		return adaptiveCodes(x, 1, 1, s, out)
	case *nn.AdaptiveAvgPool:
		return adaptiveCodes(x, op.OutH, op.OutW, s, out)
	}
	panic(fmt.Sprintf("no oracle for codes of %v", n.Op.Kind()))
}

func scaleOf(v *nn.Value) float64 { return float64(v.Type.Quant.Scale[0]) }
func zeroOf(v *nn.Value) float64  { return float64(v.Type.Quant.Zero[0]) }

// weightsOf are the codes less their zero points.
func weightsOf(v *nn.Value) []float64 {
	codes := v.Data.Int8()
	w := make([]float64, len(codes))
	row := len(codes) / v.Type.Shape[0]
	for i, q := range codes {
		w[i] = float64(int32(q) - v.Type.Quant.Zero[i/row])
	}
	return w
}

func eachElement(x *planes, f func(float64) float64) *planes {
	return newPlanes(x.c, x.h, x.w).fill(func(c, i, j int) float64 { return f(x.at(c, i, j, 0)) })
}

// round is clamp(roundToEven(y) + zero) for y in units of the scale of v.
func round(y float64, v *nn.Value, act nn.Activation) float64 {
	c := act.Clamp()
	code := func(real float64) float64 {
		return min(max(math.RoundToEven(real/scaleOf(v))+zeroOf(v), 0), 255)
	}
	return min(max(math.RoundToEven(y)+zeroOf(v), code(float64(c.Lo))), code(float64(c.Hi)))
}

// finishOracle adds the bias to exact sums and requantizes or dequantizes them.
func finishOracle(n *nn.Node, acc, res *planes, act nn.Activation) *planes {
	o, _ := n.Operands()
	out, q := n.Out[0], o.Weight.Type.Quant
	return acc.fill(func(c, i, j int) float64 {
		s := acc.at(c, i, j, 0)
		if o.Bias != nil {
			s += float64(o.Bias.Data.Int32()[c])
		}
		unit := scaleOf(o.X) * float64(q.Scale[c])
		if out.Type.Quant == nil {
			return activate(act, float64(float32(s)*float32(unit)))
		}
		y := float32(s) * float32(unit/scaleOf(out))
		if res != nil {
			y += float32(float32(res.at(c, i, j, 0)-zeroOf(o.Residual)) * float32(scaleOf(o.Residual)/scaleOf(out)))
		}
		return round(float64(y), out, act)
	})
}

func meanOracle(sum, n, scale float64, out *nn.Value) float64 {
	return round(float64(float32(sum)*float32(scale/(scaleOf(out)*n))), out, nn.NoAct)
}

func adaptiveCodes(x *planes, oh, ow int, scale float64, out *nn.Value) *planes {
	mean, ones := adaptive(x, oh, ow), newPlanes(1, x.h, x.w)
	for i := range ones.v {
		ones.v[i] = 1
	}
	return newPlanes(x.c, oh, ow).fill(func(c, i, j int) float64 {
		n := 0.
		for y := i * x.h / oh; y*oh < (i+1)*x.h; y++ {
			for z := j * x.w / ow; z*ow < (j+1)*x.w; z++ {
				n++
			}
		}
		return meanOracle(math.Round(mean.at(c, i, j, 0)*n), n, scale, out)
	})
}

// toPlanes gives an observed value the form of the oracle: codes if v has them.
func toPlanes(v *nn.Value, data []float32) *planes {
	s := v.Type.Shape
	p := newPlanes(s[1], 1, 1)
	if len(s) == 4 {
		p = newPlanes(s[1], s[2], s[3])
	}
	for i, x := range data {
		p.v[i] = float64(x)
		if v.Type.Quant != nil {
			p.v[i] = math.Round(float64(x)/scaleOf(v)) + zeroOf(v)
		}
	}
	return p
}

// TestIntegerLayers compares the output of every layer, for weights of every
// bit-width, with the oracle on the inputs that the layer had: codes must be
// equal, real values near.
func TestIntegerLayers(t *testing.T) {
	g := everything(t)
	isatest.Each(t, func(t *testing.T) {
		for bits := uint8(2); bits <= 8; bits++ {
			rng := rand.New(rand.NewPCG(uint64(bits), 5))
			q := quantizeRandom(g, bits, rng)
			x := randomReal(rng, q.Inputs[0], 2)
			vals := values(t, q, Options{Batch: 2, Threads: 1}, x)
			vals[q.Inputs[0]] = onInputGrid(q, x)
			for _, n := range q.Nodes {
				for i := range 2 {
					checkLayer(t, n, bits, i, vals)
				}
			}
		}
	})
}

func checkLayer(t *testing.T, n *nn.Node, bits uint8, image int, vals map[*nn.Value][][]float32) {
	t.Helper()
	var in []*planes
	for _, v := range activations(n) {
		in = append(in, toPlanes(v, vals[v][image]))
	}
	out := n.Out[0]
	want := codesOracle(n, in).v
	if out.Type.Quant == nil {
		if err := near(vals[out][image], want, 1e-6); err != nil {
			t.Errorf("%d bits: %s: %v", bits, n.Name, err)
		}
		return
	}
	if got := toPlanes(out, vals[out][image]).v; !slices.Equal(got, want) {
		t.Errorf("%d bits: image %d: %s: codes differ from the exact ones\ngot  %v\nwant %v", bits, image, n.Name, got[:20], want[:20])
	}
}

// onInputGrid rounds images to the grid of the input, independently of kernel.
func onInputGrid(g *nn.Graph, x *tensor.Tensor) [][]float32 {
	v := g.Inputs[0]
	var out [][]float32
	for i := range x.Shape()[0] {
		var img []float32
		for _, r := range image64(x, i) {
			code := round(r/scaleOf(v), v, nn.NoAct)
			img = append(img, float32(scaleOf(v)*(code-zeroOf(v))))
		}
		out = append(out, img)
	}
	return out
}

// TestIntegerIsExact: outputs are the same bits at every level, for any number
// of threads and any batch.
func TestIntegerIsExact(t *testing.T) {
	g := everything(t)
	for bits := uint8(2); bits <= 8; bits++ {
		rng := rand.New(rand.NewPCG(uint64(bits), 6))
		q := quantizeRandom(g, bits, rng)
		// The softmax and what leads to codes through float layers may differ
		// between levels; start behind them.
		q, err := q.Extract([]*nn.Value{q.Node("quant").Out[0]}, q.Outputs[:3])
		if err != nil {
			t.Fatal(err)
		}
		x := randomReal(rng, q.Inputs[0], 7)
		var want [][]float32
		for _, level := range isa.Available() {
			for _, o := range []Options{{Threads: 1, Batch: 7}, {Threads: 2, Batch: 1}, {Threads: 3, Batch: 7}, {Threads: 7, Batch: 4}} {
				restore := isa.Force(level)
				got := runAll(t, q, o, x)
				restore()
				if want == nil {
					want = got
				}
				for i := range want {
					if !slices.Equal(got[i], want[i]) {
						t.Errorf("%d bits, level %v, %+v: output %d differs", bits, level, o, i)
					}
				}
			}
		}
	}
}

// TestSimulate: on equal inputs every layer's simulated output is within one
// code of the integer one.
func TestSimulate(t *testing.T) {
	g := everything(t)
	for bits := uint8(2); bits <= 8; bits += 2 {
		rng := rand.New(rand.NewPCG(uint64(bits), 7))
		q := quantizeRandom(g, bits, rng)
		for _, n := range q.Nodes {
			ins := slices.Clone(activations(n))
			if n.Op.Kind() == nn.KindConcat {
				ins = ins[:2] // its third input is its first
			}
			part, err := q.Extract(ins, n.Out)
			if err != nil {
				t.Fatal(err)
			}
			var in []*tensor.Tensor
			for _, v := range part.Inputs {
				in = append(in, randomReal(rng, v, 3))
			}
			exact, simulated := runPart(t, part, Integer, in), runPart(t, part, Simulate, in)
			out := n.Out[0]
			for i := range exact {
				step := 1e-5 // of values near one
				want := float64(exact[i])
				if out.Type.Quant != nil {
					step = scaleOf(out) * 1.0001
					want = scaleOf(out) * (want - zeroOf(out))
				}
				if d := math.Abs(float64(simulated[i]) - want); d > step {
					t.Fatalf("%d bits: %s: element %d is %v, integer gives %v", bits, n.Name, i, simulated[i], want)
				}
			}
		}
	}
}

// runPart runs one layer and returns its output, codes as numbers.
func runPart(t *testing.T, g *nn.Graph, m Mode, in []*tensor.Tensor) []float32 {
	t.Helper()
	p, err := Compile(g, Options{Mode: m, Batch: 3, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewSession()
	defer s.Close()
	out, err := s.Run(in...)
	if err != nil {
		t.Fatal(err)
	}
	if out[0].DType() == tensor.Float32 {
		return slices.Clone(out[0].Float32())
	}
	var codes []float32
	for _, c := range out[0].Uint8() {
		codes = append(codes, float32(c))
	}
	return codes
}
