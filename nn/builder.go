package nn

import (
	"errors"
	"fmt"

	"mixq/tensor/kernel"
)

// Builder makes a graph layer by layer. Names of layers follow the scope, as
// in PyTorch state dicts: Scope("layer1").Scope("0").Conv2d("conv1", ...) reads
// the parameter "layer1.0.conv1.weight". The first error is kept, further
// calls do nothing, and Build returns it.
type Builder struct {
	g      *Graph
	prefix string
	err    *error
}

// NewBuilder starts an empty graph.
func NewBuilder(name string) *Builder {
	return &Builder{g: &Graph{Name: name}, err: new(error)}
}

// Scope returns a builder of the same graph that prefixes names with s and a dot.
func (b *Builder) Scope(s string) *Builder {
	c := *b
	c.prefix += s + "."
	return &c
}

// Input declares a real-valued graph input, shape including N.
func (b *Builder) Input(name string, shape ...int) *Value {
	v := &Value{Name: b.prefix + name, Type: Real(shape...)}
	b.g.Inputs = append(b.g.Inputs, v)
	return v
}

// Build validates and returns the graph.
func (b *Builder) Build(outputs ...*Value) (*Graph, error) {
	if *b.err != nil {
		return nil, *b.err
	}
	if len(outputs) == 0 {
		return nil, errors.New("nn: a graph needs an output")
	}
	b.g.Outputs = outputs
	if err := b.g.Validate(); err != nil {
		return nil, err
	}
	return b.g, nil
}

// Apply appends a layer; parameters are among its inputs (see Param).
func (b *Builder) Apply(name string, op Op, in ...*Value) *Value {
	out := &Value{Name: b.prefix + name}
	if *b.err != nil {
		return out
	}
	n := &Node{Name: b.prefix + name, Op: op, In: in, Out: []*Value{out}}
	ts, err := n.infer()
	if err != nil {
		*b.err = err
		return out
	}
	out.Type = ts[0]
	b.g.Nodes = append(b.g.Nodes, n)
	return out
}

// Param declares a float parameter.
func (b *Builder) Param(name string, shape ...int) *Value {
	return &Value{Name: b.prefix + name, Type: Real(shape...)}
}

// ConvOpts are the attributes of a convolution; zero values mean a square
// kernel, stride 1, no padding, dilation 1, one group, with bias.
type ConvOpts struct {
	KernelW  int // width of a kernel that is not square; k is then its height
	Stride   int
	Pad      int  // on every side
	Same     bool // TensorFlow SAME padding for this input size: the odd row and column go at the end
	Dilation int
	Groups   int
	NoBias   bool
}

// Conv2d appends a k by k convolution (see KernelW) with cout channels and
// parameters name.weight and, unless NoBias, name.bias.
func (b *Builder) Conv2d(name string, x *Value, cout, k int, o ConvOpts) *Value {
	if *b.err != nil {
		return &Value{}
	}
	if len(x.Type.Shape) != 4 {
		*b.err = fmt.Errorf("nn: %s: input is %v, want N,C,H,W", b.prefix+name, x.Type.Shape)
		return &Value{}
	}
	kw := k
	if o.KernelW > 0 {
		kw = o.KernelW
	}
	stride, dil, groups := max(o.Stride, 1), max(o.Dilation, 1), max(o.Groups, 1)
	p := kernel.Conv2dParams{KernelH: k, KernelW: kw, StrideH: stride, StrideW: stride,
		DilationH: dil, DilationW: dil, Groups: groups,
		PadTop: o.Pad, PadLeft: o.Pad, PadBottom: o.Pad, PadRight: o.Pad}
	if o.Same {
		p.PadTop, p.PadBottom = samePad(x.Type.Shape[2], dil*(k-1)+1, stride)
		p.PadLeft, p.PadRight = samePad(x.Type.Shape[3], dil*(kw-1)+1, stride)
	}
	s := b.Scope(name)
	in := []*Value{x, s.Param("weight", cout, x.Type.Shape[1]/groups, k, kw)}
	if !o.NoBias {
		in = append(in, s.Param("bias", cout))
	}
	return b.Apply(name, &Conv2d{Conv2dParams: p, Bias: !o.NoBias}, in...)
}

// samePad splits the padding that makes ⌈n/stride⌉ outputs, the larger half last.
func samePad(n, k, stride int) (lo, hi int) {
	p := max(((n+stride-1)/stride-1)*stride+k-n, 0)
	return p / 2, p - p/2
}

// Linear appends a fully connected layer with parameters name.weight and name.bias.
func (b *Builder) Linear(name string, x *Value, cout int) *Value {
	if *b.err != nil {
		return &Value{}
	}
	if len(x.Type.Shape) != 2 {
		*b.err = fmt.Errorf("nn: %s: input is %v, want N,C", b.prefix+name, x.Type.Shape)
		return &Value{}
	}
	s := b.Scope(name)
	return b.Apply(name, &Linear{Bias: true}, x, s.Param("weight", cout, x.Type.Shape[1]), s.Param("bias", cout))
}

// BatchNorm appends a batch normalisation with parameters name.weight, .bias,
// .running_mean and .running_var.
func (b *Builder) BatchNorm(name string, x *Value, eps float32) *Value {
	if *b.err != nil {
		return &Value{}
	}
	if len(x.Type.Shape) != 4 {
		*b.err = fmt.Errorf("nn: %s: input is %v, want N,C,H,W", b.prefix+name, x.Type.Shape)
		return &Value{}
	}
	s, c := b.Scope(name), x.Type.Shape[1]
	return b.Apply(name, &BatchNorm{Eps: eps}, x,
		s.Param("weight", c), s.Param("bias", c), s.Param("running_mean", c), s.Param("running_var", c))
}

// PoolOpts are the attributes of a pooling layer; zero values mean stride 1, no
// padding, sizes rounded down, padding not counted in a mean.
type PoolOpts struct {
	Stride          int
	Pad             int  // on every side
	Ceil            bool // round the output size up, as PyTorch's ceil_mode
	CountIncludePad bool // a mean divides by the whole window, as PyTorch does by default
}

func (o PoolOpts) params(k int) kernel.Pool2dParams {
	stride := max(o.Stride, 1)
	return kernel.Pool2dParams{KernelH: k, KernelW: k, StrideH: stride, StrideW: stride,
		PadTop: o.Pad, PadLeft: o.Pad, PadBottom: o.Pad, PadRight: o.Pad,
		CeilMode: o.Ceil, CountIncludePad: o.CountIncludePad}
}

// MaxPool appends a k by k maximum.
func (b *Builder) MaxPool(name string, x *Value, k int, o PoolOpts) *Value {
	return b.Apply(name, &MaxPool{o.params(k)}, x)
}

// AvgPool appends a k by k mean.
func (b *Builder) AvgPool(name string, x *Value, k int, o PoolOpts) *Value {
	return b.Apply(name, &AvgPool{o.params(k)}, x)
}

// GlobalAvgPool appends the mean over H and W, [N,C,1,1].
func (b *Builder) GlobalAvgPool(name string, x *Value) *Value {
	return b.Apply(name, &GlobalAvgPool{}, x)
}

// Add appends the sum of two values of one shape.
func (b *Builder) Add(name string, x, y *Value) *Value { return b.Apply(name, &Add{}, x, y) }

// Concat appends the concatenation of values along the channels.
func (b *Builder) Concat(name string, xs ...*Value) *Value { return b.Apply(name, &Concat{}, xs...) }

// Activate appends an activation.
func (b *Builder) Activate(name string, x *Value, a Activation) *Value {
	return b.Apply(name, &Activate{Act: a}, x)
}

// Flatten appends a flattening to [N, rest].
func (b *Builder) Flatten(name string, x *Value) *Value { return b.Apply(name, &Flatten{}, x) }
