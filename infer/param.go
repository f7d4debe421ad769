package infer

import (
	"fmt"

	"mixq/nn"
	"mixq/tensor"
)

// realParam gives the real values of a parameter: its own, or those of its
// codes. It is nil for a nil value.
func realParam(v *nn.Value) ([]float32, error) {
	switch {
	case v == nil:
		return nil, nil
	case v.Type.DType == tensor.Float32:
		return v.Data.Float32(), nil
	case v.Type.DType == tensor.Int8 && v.Type.Quant != nil:
		return dequantizeParam(v)
	}
	return nil, fmt.Errorf("%s is %v, want float32 or quantized", v.Name, v.Type)
}

func dequantizeParam(v *nn.Value) ([]float32, error) {
	scale, zero, err := perChannel(v)
	if err != nil {
		return nil, err
	}
	codes := v.Data.Int8()
	out := make([]float32, len(codes))
	row := len(codes) / len(scale)
	for i, q := range codes {
		c := i / row
		out[i] = scale[c] * float32(int32(q)-zero[c])
	}
	return out, nil
}

// perChannel gives a scale and a zero point for every leading index.
func perChannel(v *nn.Value) (scale []float32, zero []int32, err error) {
	q, n := v.Type.Quant, v.Type.Shape[0]
	switch {
	case q.Axis == 0:
		return q.Scale, q.Zero, nil
	case q.Axis > 0:
		return nil, nil, fmt.Errorf("%s has scales along dimension %d; only the leading one is supported", v.Name, q.Axis)
	}
	scale, zero = make([]float32, n), make([]int32, n)
	for i := range n {
		scale[i], zero[i] = q.Scale[0], q.Zero[0]
	}
	return scale, zero, nil
}

// realBias gives the real values of the bias of o, which may be quantized at
// the scale of the input times that of the weight; nil without a bias.
func realBias(o nn.Operands) ([]float32, error) {
	b := o.Bias
	if b == nil || b.Type.DType != tensor.Int32 {
		return realParam(b)
	}
	if o.X.Type.Quant == nil || o.Weight.Type.Quant == nil {
		return nil, fmt.Errorf("%s is int32, which needs a quantized input and weight", b.Name)
	}
	scale, _, err := perChannel(o.Weight)
	if err != nil {
		return nil, err
	}
	out := make([]float32, len(scale))
	for c, q := range b.Data.Int32() {
		out[c] = float32(float64(q) * float64(o.X.Type.Quant.Scale[0]) * float64(scale[c]))
	}
	return out, nil
}
