package nn

import (
	"fmt"

	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Conv2d is a two-dimensional convolution with optional bias, residual input
// and activation: y = act(conv(x, weight) + bias + residual).
// Inputs: x [N,C,H,W], weight [O,C/Groups,KernelH,KernelW], then bias [O] if
// Bias, then the residual [N,O,OH,OW] if Residual.
type Conv2d struct {
	kernel.Conv2dParams
	Bias     bool       `json:"bias,omitempty"`
	Residual bool       `json:"residual,omitempty"`
	Act      Activation `json:"act,omitempty"`
}

// Kind is KindConv2d.
func (*Conv2d) Kind() Kind { return KindConv2d }
func (*Conv2d) op()        {}

// Operands names the inputs of a convolution or linear layer, absent ones nil,
// and the activation that is fused into it.
type Operands struct {
	X, Weight, Bias, Residual *Value
	Act                       Activation
}

// Operands returns the inputs of node n, whose op must be a *Conv2d or *Linear;
// ok is false for other ops. It is the one place that knows the order of inputs.
func (n *Node) Operands() (o Operands, ok bool) {
	var bias, residual bool
	switch op := n.Op.(type) {
	case *Conv2d:
		bias, residual, o.Act = op.Bias, op.Residual, op.Act
	case *Linear:
		bias, o.Act = op.Bias, op.Act
	default:
		return o, false
	}
	o.X, o.Weight = n.In[0], n.In[1]
	rest := n.In[2:]
	if bias {
		o.Bias, rest = rest[0], rest[1:]
	}
	if residual {
		o.Residual = rest[0]
	}
	return o, true
}

func count(flags ...bool) int {
	n := 0
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

// maxGeometry bounds every kernel size, stride, padding and dilation, far above
// any real layer, so that sizes computed from a file cannot overflow.
const maxGeometry = 1 << 16

func checkGeometry(positive, nonNegative []int) error {
	for _, v := range positive {
		if v < 1 || v > maxGeometry {
			return fmt.Errorf("kernel, stride, dilation or groups of %d, want 1 to %d", v, maxGeometry)
		}
	}
	for _, v := range nonNegative {
		if v < 0 || v > maxGeometry {
			return fmt.Errorf("padding of %d, want 0 to %d", v, maxGeometry)
		}
	}
	return nil
}

// Infer checks the geometry and gives [N,O,OH,OW].
func (o *Conv2d) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 2+count(o.Bias, o.Residual)); err != nil {
		return nil, err
	}
	p := o.Conv2dParams
	err := checkGeometry([]int{p.KernelH, p.KernelW, p.StrideH, p.StrideW, p.DilationH, p.DilationW, p.Groups},
		[]int{p.PadTop, p.PadLeft, p.PadBottom, p.PadRight})
	if err != nil {
		return nil, err
	}
	if err := o.Act.checkFused(); err != nil {
		return nil, err
	}
	x, w := in[0], in[1]
	if err := rank(x, "input", 4); err != nil {
		return nil, err
	}
	if err := rank(w, "weight", 4); err != nil {
		return nil, err
	}
	c, cout := x.Shape[1], w.Shape[0]
	if c%p.Groups != 0 || cout%p.Groups != 0 {
		return nil, fmt.Errorf("%d input and %d output channels do not divide into %d groups", c, cout, p.Groups)
	}
	if want := (tensor.Shape{cout, c / p.Groups, p.KernelH, p.KernelW}); !w.Shape.Equal(want) {
		return nil, fmt.Errorf("weight is %v, input has %d channels, want %v", w.Shape, c, want)
	}
	if err := checkAccumulator(x, w); err != nil {
		return nil, err
	}
	oh, ow := p.OutSize(x.Shape[2], x.Shape[3])
	if oh < 1 || ow < 1 {
		return nil, fmt.Errorf("a %dx%d kernel does not fit the padded %v input", p.KernelH, p.KernelW, x.Shape)
	}
	out := Real(x.Shape[0], cout, oh, ow)
	rest := in[2:]
	if o.Bias {
		if err := checkBias(rest[0], cout); err != nil {
			return nil, err
		}
		rest = rest[1:]
	}
	if o.Residual && !rest[0].Shape.Equal(out.Shape) {
		return nil, fmt.Errorf("residual is %v, output is %v", rest[0].Shape, out.Shape)
	}
	return []Type{out}, nil
}

func checkBias(t Type, n int) error {
	if !t.Shape.Equal(tensor.Shape{n}) {
		return fmt.Errorf("bias is %v, want %d", t.Shape, n)
	}
	return nil
}

// checkAccumulator rejects a quantized layer whose exact sum could leave 32
// bits (NUMERICS.md 4).
func checkAccumulator(x, w Type) error {
	if x.Quant == nil || w.Quant == nil {
		return nil
	}
	k := int64(w.Shape.Elems() / w.Shape[0])
	if sum := k * 255 << (w.Quant.Bits - 1); sum > 1<<31-1 {
		return fmt.Errorf("%d products of 8-bit activations and %d-bit weights can overflow the 32-bit sum; use fewer bits", k, w.Quant.Bits)
	}
	return nil
}

// MACs counts one per weight and output position.
func (o *Conv2d) MACs(in, out []Type) int64 {
	w := in[1].Shape
	return int64(out[0].Shape.Elems()) * int64(w[1]*w[2]*w[3])
}
