package nn

// Quantize rounds a real value to the grid of its output. Inputs: x.
type Quantize struct{}

// Dequantize turns codes into real values. Inputs: x.
type Dequantize struct{}

// Kind is KindQuantize.
func (*Quantize) Kind() Kind { return KindQuantize }
func (*Quantize) op()        {}

// Kind is KindDequantize.
func (*Dequantize) Kind() Kind { return KindDequantize }
func (*Dequantize) op()        {}

// Infer keeps the shape.
func (*Quantize) Infer(in []Type) ([]Type, error) { return inferSame(in) }

// Infer keeps the shape.
func (*Dequantize) Infer(in []Type) ([]Type, error) { return inferSame(in) }

func inferSame(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	return []Type{Real(in[0].Shape...)}, nil
}

// MACs is 0.
func (*Quantize) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Dequantize) MACs(_, _ []Type) int64 { return 0 }
