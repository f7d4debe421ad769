package nn

import (
	"fmt"

	"mixq/tensor"
)

// Linear is y = act(x·weightᵀ + bias).
// Inputs: x [N,I], weight [O,I], then bias [O] if Bias.
type Linear struct {
	Bias bool       `json:"bias,omitempty"`
	Act  Activation `json:"act,omitempty"`
}

// Kind is KindLinear.
func (*Linear) Kind() Kind { return KindLinear }
func (*Linear) op()        {}

// Infer gives [N,O].
func (o *Linear) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 2+count(o.Bias)); err != nil {
		return nil, err
	}
	if err := o.Act.checkFused(); err != nil {
		return nil, err
	}
	x, w := in[0], in[1]
	if err := rank(x, "input", 2); err != nil {
		return nil, err
	}
	if err := rank(w, "weight", 2); err != nil {
		return nil, err
	}
	cout := w.Shape[0]
	if want := (tensor.Shape{cout, x.Shape[1]}); !w.Shape.Equal(want) {
		return nil, fmt.Errorf("weight is %v, input has %d features, want %v", w.Shape, x.Shape[1], want)
	}
	if err := checkAccumulator(x, w); err != nil {
		return nil, err
	}
	if o.Bias {
		if err := checkBias(in[2], cout); err != nil {
			return nil, err
		}
	}
	return []Type{Real(x.Shape[0], cout)}, nil
}

// MACs counts one per weight and row.
func (o *Linear) MACs(in, out []Type) int64 {
	return int64(in[0].Shape[0]) * int64(in[1].Shape.Elems())
}
