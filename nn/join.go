package nn

import (
	"fmt"

	"mixq/tensor"
)

// Add is y = act(a + b). Inputs: a, b of one shape.
type Add struct {
	Act Activation `json:"act,omitempty"`
}

// Concat joins its inputs along the channels. Inputs: one or more [N,Ci,H,W].
type Concat struct{}

// Mul is the product of x and a gate, element by element or channel by channel
// (squeeze-and-excitation). Inputs: x of any shape and a gate of that shape, or
// x [N,C,H,W] and a gate [N,C,1,1] or [N,C].
type Mul struct{}

// Kind is KindAdd.
func (*Add) Kind() Kind { return KindAdd }
func (*Add) op()        {}

// Kind is KindMul.
func (*Mul) Kind() Kind { return KindMul }
func (*Mul) op()        {}

// Kind is KindConcat.
func (*Concat) Kind() Kind { return KindConcat }
func (*Concat) op()        {}

// Infer keeps the shape.
func (o *Add) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 2); err != nil {
		return nil, err
	}
	if err := o.Act.checkFused(); err != nil {
		return nil, err
	}
	if !in[0].Shape.Equal(in[1].Shape) {
		return nil, fmt.Errorf("inputs are %v and %v, want one shape", in[0].Shape, in[1].Shape)
	}
	return []Type{Real(in[0].Shape...)}, nil
}

// Infer keeps the shape of x.
func (*Mul) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 2); err != nil {
		return nil, err
	}
	x, gate := in[0].Shape, in[1].Shape
	if !gate.Equal(x) {
		if err := rank(in[0], "input", 4); err != nil {
			return nil, err
		}
		channels := x[:2]
		if !gate.Equal(channels) && !gate.Equal(tensor.Shape{x[0], x[1], 1, 1}) {
			return nil, fmt.Errorf("gate is %v, want %v or an element for each channel of it", gate, x)
		}
	}
	return []Type{Real(x...)}, nil
}

// Infer adds up the channels.
func (o *Concat) Infer(in []Type) ([]Type, error) {
	if len(in) == 0 {
		return nil, fmt.Errorf("no inputs")
	}
	c := 0
	for _, t := range in {
		if err := rank(t, "input", 4); err != nil {
			return nil, err
		}
		a, b := in[0].Shape, t.Shape
		if !(tensor.Shape{a[0], a[2], a[3]}).Equal(tensor.Shape{b[0], b[2], b[3]}) {
			return nil, fmt.Errorf("inputs are %v and %v, want equal N, H and W", a, b)
		}
		c += b[1]
	}
	s := in[0].Shape
	return []Type{Real(s[0], c, s[2], s[3])}, nil
}

// MACs is 0.
func (*Add) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Mul) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Concat) MACs(_, _ []Type) int64 { return 0 }
