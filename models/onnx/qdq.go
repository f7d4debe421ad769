package onnx

import (
	"encoding/binary"
	"fmt"
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// quantize appends the rounding of real to the grid of v; out names the real
// values that result.
func (e *exporter) quantize(v *nn.Value, real, out string) error {
	q := v.Type.Quant
	if q.Bits != 8 || len(q.Scale) != 1 {
		return UnsupportedError(fmt.Sprintf("%s: ONNX has no form for %d-bit activations with %d scales", v.Name, q.Bits, len(q.Scale)))
	}
	scale := e.floats(v.Name+".scale", q.Scale)
	zero := e.constant(v.Name+".zero", typeUint8, []byte{byte(q.Zero[0])})
	codes := e.add("QuantizeLinear", v.Name+".codes", real, scale, zero).name
	e.names[v] = e.add("DequantizeLinear", out, codes, scale, zero).name
	return nil
}

// operands names the inputs of a convolution or linear layer but the residual.
func (e *exporter) operands(n *nn.Node, o nn.Operands) ([]string, error) {
	weight, err := e.weight(o.Weight)
	if err != nil {
		return nil, err
	}
	in := []string{e.names[o.X], weight}
	if o.Bias == nil {
		return in, nil
	}
	bias, err := e.bias(o)
	return append(in, bias), err
}

// weight adds a weight: real values, or codes that a node makes real.
func (e *exporter) weight(v *nn.Value) (string, error) {
	q := v.Type.Quant
	if q == nil {
		return e.param(v)
	}
	if v.Type.DType != tensor.Int8 {
		return "", UnsupportedError(fmt.Sprintf("parameter %s is %v", v.Name, v.Type))
	}
	if _, ok := e.constants[v.Name+".codes"]; ok {
		return v.Name, nil // of an earlier layer too
	}
	kind, pack := elemType(typeInt8), bytesOf
	codes, zero := centred(v)
	if q.Bits <= 4 {
		kind, pack = typeInt4, nibbles
		e.m.irVersion, e.m.opsets[0].version = 10, int4Opset
	}
	in := []string{e.constant(v.Name+".codes", kind, pack(codes), v.Type.Shape...), e.floats(v.Name+".scale", q.Scale, gridDims(q)...)}
	if zero != nil {
		in = append(in, e.constant(v.Name+".zero", kind, pack(zero), gridDims(q)...))
	}
	e.dequantizeLinear(v.Name, q.Axis, in...)
	return v.Name, nil
}

// centred gives the codes and zero points of a weight. Where an int8 can hold
// the codes less their zero points, it gives those and nil.
func centred(v *nn.Value) (codes, zero []int8) {
	q := v.Type.Quant
	zero = make([]int8, len(q.Zero))
	for i, z := range q.Zero {
		zero[i] = int8(z)
	}
	if isSymmetric(q) {
		return v.Data.Int8(), nil
	}
	if q.Bits <= 4 {
		return v.Data.Int8(), zero
	}
	codes = slices.Clone(v.Data.Int8())
	row := len(codes) / len(zero)
	for i, c := range codes {
		d := int32(c) - q.Zero[i/row]
		if codes[i] = int8(d); int32(codes[i]) != d {
			return v.Data.Int8(), zero
		}
	}
	return codes, nil
}

// dequantizeLinear appends a node that makes codes real, with a scale for every
// index of a dimension, or one if axis < 0.
func (e *exporter) dequantizeLinear(out string, axis int, in ...string) {
	d := e.add("DequantizeLinear", out, in...)
	if axis >= 0 {
		d.setInt("axis", axis)
	}
}

// gridDims is the shape of the scales of a grid.
func gridDims(q *nn.Quant) []int {
	if q.Axis < 0 {
		return nil
	}
	return []int{len(q.Scale)}
}

func isSymmetric(q *nn.Quant) bool {
	for _, z := range q.Zero {
		if z != 0 {
			return false
		}
	}
	return true
}

// bytesOf is x, a code a byte.
func bytesOf(x []int8) []byte {
	b := make([]byte, len(x))
	for i, v := range x {
		b[i] = byte(v)
	}
	return b
}

// nibbles packs x, two codes a byte, the first in the lower half.
func nibbles(x []int8) []byte {
	out := make([]byte, (len(x)+1)/2)
	for i, v := range x {
		out[i/2] |= byte(v) & 15 << (4 * (i % 2))
	}
	return out
}

// bias adds a bias. Codes, which count in units of the scale of the input times
// that of the weight, stay codes if the weight has no zero points in the model.
func (e *exporter) bias(o nn.Operands) (string, error) {
	b, w := o.Bias, o.Weight.Type.Quant
	if b.Type.DType == tensor.Float32 {
		return e.param(b)
	}
	if b.Type.DType != tensor.Int32 || w == nil || o.X.Type.Quant == nil {
		return "", UnsupportedError(fmt.Sprintf("parameter %s is %v", b.Name, b.Type))
	}
	codes := b.Data.Int32()
	scale := make([]float64, len(codes))
	for c := range scale {
		scale[c] = float64(o.X.Type.Quant.Scale[0]) * float64(w.Scale[c%len(w.Scale)])
	}
	real := make([]float32, len(codes))
	if _, zero := centred(o.Weight); zero != nil {
		for c, q := range codes {
			real[c] = float32(float64(q) * scale[c])
		}
		return e.floats(b.Name, real, len(real)), nil
	}
	var raw []byte
	for c, q := range codes {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(q))
		real[c] = float32(scale[c])
	}
	e.dequantizeLinear(b.Name, 0, e.constant(b.Name+".codes", typeInt32, raw, len(codes)), e.floats(b.Name+".scale", real, len(codes)))
	return b.Name, nil
}
