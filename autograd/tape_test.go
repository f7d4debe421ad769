package autograd

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mixq/internal/golden"
	"mixq/models/safetensors"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

var (
	relu  = kernel.Clamp{Lo: 0, Hi: float32(math.Inf(1))}
	relu6 = kernel.Clamp{Lo: 0, Hi: 6}
)

func geometry(k, stride, dilation, pad, groups int) kernel.Conv2dParams {
	return kernel.Conv2dParams{KernelH: k, KernelW: k, StrideH: stride, StrideW: stride, DilationH: dilation, DilationW: dilation,
		PadTop: pad, PadLeft: pad, PadBottom: pad, PadRight: pad, Groups: groups}
}

// spaced is a tensor whose elements are distinct multiples of .1 in random
// order, none of them within .05 of 0 or 6: no step of the finite differences
// crosses a kink of an activation or changes a maximum.
func spaced(r *rand.Rand, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	for i, v := range r.Perm(x.Len()) {
		x.Float32()[i] = float32(v-x.Len()/2)/10 + .05
	}
	return x
}

// ops are all operators of the tape with the shapes of small operands.
var ops = []struct {
	name   string
	shapes []tensor.Shape
	run    func(t *Tape, in []*Var) *Var
}{
	{"conv2d", []tensor.Shape{{2, 3, 5, 4}, {4, 3, 3, 3}, {4}, {2, 4, 3, 2}}, func(t *Tape, v []*Var) *Var {
		return t.Conv2d(v[0], v[1], v[2], v[3], geometry(3, 2, 1, 1, 1), unbounded)
	}},
	{"conv2d relu", []tensor.Shape{{1, 2, 2, 2}, {2, 2, 1, 1}}, func(t *Tape, v []*Var) *Var {
		return t.Conv2d(v[0], v[1], nil, nil, geometry(1, 1, 1, 0, 1), relu)
	}},
	{"conv2d same", []tensor.Shape{{1, 2, 6, 5}, {3, 2, 3, 3}}, func(t *Tape, v []*Var) *Var {
		p := geometry(3, 2, 1, 0, 1)
		p.PadLeft, p.PadRight, p.PadBottom = 1, 1, 1
		return t.Conv2d(v[0], v[1], nil, nil, p, unbounded)
	}},
	{"conv2d groups dilation", []tensor.Shape{{1, 4, 6, 6}, {6, 2, 3, 3}, {6}}, func(t *Tape, v []*Var) *Var {
		return t.Conv2d(v[0], v[1], v[2], nil, geometry(3, 1, 2, 1, 2), unbounded)
	}},
	{"conv2d depthwise", []tensor.Shape{{2, 3, 6, 5}, {3, 1, 3, 3}, {3}}, func(t *Tape, v []*Var) *Var {
		return t.Conv2d(v[0], v[1], v[2], nil, geometry(3, 2, 1, 1, 3), unbounded)
	}},
	{"linear", []tensor.Shape{{3, 4}, {5, 4}, {5}}, func(t *Tape, v []*Var) *Var {
		return t.Linear(v[0], v[1], v[2], unbounded)
	}},
	{"linear relu without bias", []tensor.Shape{{2, 3}, {4, 3}}, func(t *Tape, v []*Var) *Var {
		return t.Linear(v[0], v[1], nil, relu)
	}},
	{"batchnorm", []tensor.Shape{{2, 3, 2, 2}, {3}, {3}}, func(t *Tape, v []*Var) *Var {
		return t.BatchNorm(v[0], v[1], v[2], tensor.FromFloat32([]float32{.1, -.2, 0}, 3), tensor.FromFloat32([]float32{.5, 1, 2}, 3), 1e-5)
	}},
	{"batchnorm train", []tensor.Shape{{3, 2, 3, 2}, {2}, {2}}, func(t *Tape, v []*Var) *Var {
		y, _, _ := t.BatchNormTrain(v[0], v[1], v[2], 1e-5)
		return y
	}},
	{"activate relu6", []tensor.Shape{{2, 80}}, func(t *Tape, v []*Var) *Var { return t.Activate(v[0], relu6) }},
	{"maxpool", []tensor.Shape{{2, 2, 5, 5}}, func(t *Tape, v []*Var) *Var {
		return t.MaxPool(v[0], kernel.Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1})
	}},
	{"maxpool ceil", []tensor.Shape{{1, 2, 6, 5}}, func(t *Tape, v []*Var) *Var {
		return t.MaxPool(v[0], kernel.Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, CeilMode: true})
	}},
	{"avgpool", []tensor.Shape{{2, 2, 5, 6}}, func(t *Tape, v []*Var) *Var {
		return t.AvgPool(v[0], kernel.Pool2dParams{KernelH: 3, KernelW: 2, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, CeilMode: true})
	}},
	{"avgpool include pad", []tensor.Shape{{1, 2, 5, 6}}, func(t *Tape, v []*Var) *Var {
		return t.AvgPool(v[0], kernel.Pool2dParams{KernelH: 3, KernelW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, CountIncludePad: true, CeilMode: true})
	}},
	{"adaptiveavgpool", []tensor.Shape{{2, 2, 5, 7}}, func(t *Tape, v []*Var) *Var { return t.AdaptiveAvgPool(v[0], 3, 2) }},
	{"globalavgpool", []tensor.Shape{{2, 2, 3, 4}}, func(t *Tape, v []*Var) *Var { return t.AdaptiveAvgPool(v[0], 1, 1) }},
	{"add", []tensor.Shape{{2, 9}, {2, 9}}, func(t *Tape, v []*Var) *Var { return t.Add(v[0], v[1], kernel.Clamp{Lo: .05, Hi: 1.05}) }},
	{"add twice", []tensor.Shape{{2, 9}}, func(t *Tape, v []*Var) *Var { return t.Add(v[0], v[0], unbounded) }},
	{"map", []tensor.Shape{{2, 80}}, func(t *Tape, v []*Var) *Var {
		y := t.Map(v[0], kernel.Function{F: kernel.SiLU, Derivative: kernel.SiLUDerivative})
		y = t.Add(y, t.Map(v[0], kernel.Function{F: kernel.Sigmoid, Derivative: kernel.SigmoidDerivative}), unbounded)
		y = t.Add(y, t.Map(v[0], kernel.Function{F: kernel.HardSwish, Derivative: kernel.HardSwishDerivative}), unbounded)
		return t.Add(y, t.Map(v[0], kernel.Function{F: kernel.HardSigmoid, Derivative: kernel.HardSigmoidDerivative}), unbounded)
	}},
	{"mul", []tensor.Shape{{2, 9}, {2, 9}}, func(t *Tape, v []*Var) *Var { return t.Mul(v[0], v[1]) }},
	{"mul gate", []tensor.Shape{{2, 3, 2, 3}, {2, 3, 1, 1}}, func(t *Tape, v []*Var) *Var { return t.Mul(v[0], v[1]) }},
	{"mul itself", []tensor.Shape{{2, 5}}, func(t *Tape, v []*Var) *Var { return t.Mul(v[0], v[0]) }},
	{"select", []tensor.Shape{{2, 3, 2, 2}}, func(t *Tape, v []*Var) *Var { return t.Select(v[0], []int{2, 0, 2, 2}) }},
	{"concat", []tensor.Shape{{2, 1, 2, 2}, {2, 3, 2, 2}}, func(t *Tape, v []*Var) *Var { return t.Concat(v[0], v[1], v[0]) }},
	{"pad", []tensor.Shape{{2, 2, 2, 3}}, func(t *Tape, v []*Var) *Var { return t.Pad(v[0], 1, 0, 2, 1) }},
	{"subsample", []tensor.Shape{{2, 2, 5, 4}}, func(t *Tape, v []*Var) *Var { return t.Subsample(v[0], 2, 1, 2) }},
	{"reshape", []tensor.Shape{{2, 2, 1, 2}}, func(t *Tape, v []*Var) *Var { return t.Reshape(v[0], 2, 4) }},
	{"softmax", []tensor.Shape{{3, 4}}, func(t *Tape, v []*Var) *Var { return t.Softmax(v[0]) }},
	{"crossentropy", []tensor.Shape{{3, 4}}, func(t *Tape, v []*Var) *Var { return t.CrossEntropy(v[0], []int{0, 3, 1}) }},
	{"kl", []tensor.Shape{{2, 3}}, func(t *Tape, v []*Var) *Var {
		return t.KL(tensor.FromFloat32([]float32{1, 0, -1, .5, .25, 2}, 2, 3), v[0])
	}},
	{"custom", []tensor.Shape{{3}, {3}}, func(t *Tape, v []*Var) *Var {
		a, b := v[0].Value.Float32(), v[1].Value.Float32() // 2a - b
		out := tensor.New(tensor.Float32, 3)
		for i := range a {
			out.Float32()[i] = 2*a[i] - b[i]
		}
		return t.Custom(out, func(dy *tensor.Tensor) []*tensor.Tensor {
			da, db := dy.Clone(), dy.Clone()
			for i, g := range dy.Float32() {
				da.Float32()[i], db.Float32()[i] = 2*g, -g
			}
			return []*tensor.Tensor{da, db}
		}, v...)
	}},
	{"chain", []tensor.Shape{{2, 2, 4, 4}, {3, 2, 3, 3}, {3}, {3}}, func(t *Tape, v []*Var) *Var {
		y := t.Conv2d(v[0], v[1], nil, nil, geometry(3, 1, 1, 1, 1), unbounded)
		z, _, _ := t.BatchNormTrain(y, v[2], v[3], 1e-5)
		return t.CrossEntropy(t.Reshape(t.AdaptiveAvgPool(t.Add(z, y, unbounded), 1, 1), 2, 3), []int{2, 0})
	}},
}

// forward runs an op on a fresh tape with parameters in.
func forward(threads int, in []*tensor.Tensor, run func(*Tape, []*Var) *Var) (*Tape, []*Var, *Var) {
	t := NewTape(threads)
	vars := make([]*Var, len(in))
	for i, x := range in {
		vars[i] = t.Param(x)
	}
	return t, vars, run(t, vars)
}

func dot(a, b []float32) float64 {
	var s float64
	for i, v := range a {
		s += float64(v) * float64(b[i])
	}
	return s
}

// Every gradient against central differences of <dy, op(x)>. A step h leaves a
// truncation of about h² and a rounding of about 2^-24/h, each times the size
// of the terms of the sum; their sum is least near h = 2^-8.
func TestFiniteDifferences(t *testing.T) {
	const h = 1. / 256
	for _, tt := range ops {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			in := make([]*tensor.Tensor, len(tt.shapes))
			for i, s := range tt.shapes {
				in[i] = spaced(r, s...)
			}
			tape, vars, out := forward(1, in, tt.run)
			dy := spaced(r, out.Value.Shape()...)
			tape.Backward(out, dy)
			size := math.Sqrt(dot(dy.Float32(), dy.Float32())) * (1 + math.Sqrt(dot(out.Value.Float32(), out.Value.Float32())))
			for i, x := range in {
				for j, v := range x.Float32() {
					at := func(v float32) float64 {
						x.Float32()[j] = v
						_, _, out := forward(1, in, tt.run)
						return dot(out.Value.Float32(), dy.Float32())
					}
					want := (at(v+h) - at(v-h)) / (2 * h)
					x.Float32()[j] = v
					got := float64(vars[i].Grad.Float32()[j])
					if tol := 4*h*h*(math.Abs(want)+1) + size/(1<<24)/h; !(math.Abs(got-want) <= tol) {
						t.Fatalf("gradient of element %d of input %d = %v, want %v +- %v", j, i, got, want, tol)
					}
				}
			}
		})
	}
}

// notInTorch are the ops without a counterpart in the golden file.
var notInTorch = []string{"custom", "chain"}

// sequence is the formula of testdata/torch_ops.py.
func sequence(salt int, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	for i := range x.Float32() {
		x.Float32()[i] = float32((i*i*31+i*17+salt*101)%257-128) / 64
	}
	return x
}

// Outputs and gradients against PyTorch. The longest sum has 60 products, which
// may lose about 60·2^-24 = 4e-6 of their size.
func TestTorch(t *testing.T) {
	file, err := safetensors.Read("testdata/torch_ops.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range ops {
		if slices.Contains(notInTorch, tt.name) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			in := make([]*tensor.Tensor, len(tt.shapes))
			for i, s := range tt.shapes {
				in[i] = sequence(i, s...)
			}
			tape, vars, out := forward(1, in, tt.run)
			tape.Backward(out, sequence(9, out.Value.Shape()...))
			check := func(name string, got *tensor.Tensor) {
				want := file.Tensors[tt.name+name]
				if want == nil || !want.Shape().Equal(got.Shape()) {
					t.Fatalf("%s is %v, the golden file has %v", name, got.Shape(), want)
				}
				if e := golden.RelErr(got.Float32(), want.Float32()); e > 4e-6 {
					t.Errorf("%s = %v, want %v: off by %.2g", name, got.Float32(), want.Float32(), e)
				}
			}
			check(".y", out.Value)
			for i, v := range vars {
				check("."+strconv.Itoa(i), v.Grad)
			}
		})
	}
}

// Threads must not change a bit, a second pass must reuse memory without
// changing any, and one forward pass must serve several backward passes.
func TestSameBits(t *testing.T) {
	for _, tt := range ops {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, 2))
			in := make([]*tensor.Tensor, len(tt.shapes))
			for i, s := range tt.shapes {
				if len(s) > 1 && s[0] == tt.shapes[0][0] && strings.HasPrefix(tt.name, "conv2d") {
					s = append(tensor.Shape{21}, s[1:]...) // several blocks of images
				}
				in[i] = spaced(r, s...)
			}
			tape, vars, out := forward(1, in, tt.run)
			dy := spaced(r, out.Value.Shape()...)
			tape.Backward(out, dy)
			want := snapshot(out, vars)
			tape.Backward(out, dy)
			if !equal(snapshot(out, vars), want) {
				t.Error("a second Backward gives another gradient")
			}
			tape.Reset()
			for i, x := range in {
				vars[i] = tape.Param(x)
			}
			out = tt.run(tape, vars)
			tape.Backward(out, dy)
			if !equal(snapshot(out, vars), want) {
				t.Error("a pass after Reset gives other bits")
			}
			tape, vars, out = forward(3, in, tt.run)
			tape.Backward(out, dy)
			if !equal(snapshot(out, vars), want) {
				t.Error("three threads give other bits than one")
			}
		})
	}
}

// snapshot copies the output and all gradients.
func snapshot(out *Var, vars []*Var) [][]float32 {
	s := [][]float32{slices.Clone(out.Value.Float32())}
	for _, v := range vars {
		s = append(s, slices.Clone(v.Grad.Float32()))
	}
	return s
}

func equal(a, b [][]float32) bool { return slices.EqualFunc(a, b, slices.Equal) }

func TestConstHasNoGradient(t *testing.T) {
	tape := NewTape(1)
	x, w := tape.Const(tensor.FromFloat32([]float32{1, 2}, 1, 2)), tape.Param(tensor.FromFloat32([]float32{3, 4}, 1, 2))
	hidden := tape.Linear(x, w, nil, unbounded)
	out := tape.Activate(hidden, relu)
	tape.Retain(hidden)
	tape.Backward(out, tensor.FromFloat32([]float32{5}, 1, 1))
	if x.Grad != nil || out.Grad != nil {
		t.Error("a constant or an intermediate that was not retained has a gradient")
	}
	if got := w.Grad.Float32(); !slices.Equal(got, []float32{5, 10}) {
		t.Errorf("gradient of the parameter = %v, want [5 10]", got)
	}
	if got := hidden.Grad.Float32(); !slices.Equal(got, []float32{5}) {
		t.Errorf("retained gradient = %v, want [5]", got)
	}
}

func TestPanics(t *testing.T) {
	x := tensor.New(tensor.Float32, 1, 2)
	for _, tt := range []struct {
		name string
		want string
		f    func(*Tape)
	}{
		{"gradient of another shape", badGradShape, func(t *Tape) { t.Backward(t.Param(x), tensor.New(tensor.Float32, 2)) }},
		{"add", badShape, func(t *Tape) { t.Add(t.Const(x), t.Const(tensor.New(tensor.Float32, 2, 1)), unbounded) }},
		{"label", badLabels, func(t *Tape) { t.CrossEntropy(t.Const(x), []int{2}) }},
		{"number of labels", badLabels, func(t *Tape) { t.CrossEntropy(t.Const(x), nil) }},
		{"reference", badShape, func(t *Tape) { t.KL(tensor.New(tensor.Float32, 2), t.Const(x)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if v := recover(); v != tt.want {
					t.Errorf("recovered %v, want %q", v, tt.want)
				}
			}()
			tt.f(NewTape(1))
		})
	}
}
