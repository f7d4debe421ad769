package nn

import (
	"fmt"

	"mixq/tensor"
)

// BatchNorm is y = (x − mean)/sqrt(var + Eps)·weight + bias per channel.
// Inputs: x [N,C,H,W], weight, bias, running_mean, running_var [C].
type BatchNorm struct {
	Eps float32 `json:"eps"`
}

// Kind is KindBatchNorm.
func (*BatchNorm) Kind() Kind { return KindBatchNorm }
func (*BatchNorm) op()        {}

// Infer keeps the shape.
func (o *BatchNorm) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 5); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 4); err != nil {
		return nil, err
	}
	if !(o.Eps >= 0) {
		return nil, fmt.Errorf("eps is %v, want a non-negative number", o.Eps)
	}
	for _, t := range in[1:] {
		if want := (tensor.Shape{in[0].Shape[1]}); !t.Shape.Equal(want) {
			return nil, fmt.Errorf("parameter is %v, input has %v channels", t.Shape, want)
		}
	}
	return []Type{Real(in[0].Shape...)}, nil
}

// MACs is 0: the layer folds into its neighbour.
func (*BatchNorm) MACs(_, _ []Type) int64 { return 0 }
