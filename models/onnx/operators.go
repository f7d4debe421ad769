package onnx

import (
	"fmt"
	"slices"

	"mixq/nn"
)

// foldFunc computes a node of constants.
type foldFunc func(im *importer, n *node, in []*value) (*constant, error)

// operator says what becomes of the nodes of a type: fold computes those of
// constants, layer makes layers of those of computed values.
type operator struct {
	name   string
	inputs int // that must be there
	fold   foldFunc
	layer  func(im *importer, n *node, in []*value) ([]*value, error)

	anyFirst bool // layer takes a constant for the first input too
}

var operators = [...]operator{
	{name: "Constant", layer: importConstant},
	{name: "Identity", inputs: 1, layer: importIdentity, anyFirst: true},
	{name: "Dropout", inputs: 1, layer: importIdentity},
	{name: "Cast", inputs: 1, fold: foldCast, layer: importCast},
	{name: "Shape", inputs: 1, layer: importShape, anyFirst: true},

	{name: "Reshape", inputs: 2, fold: foldReshape, layer: importReshape},
	{name: "Flatten", inputs: 1, fold: foldReshape, layer: importReshape},
	{name: "Squeeze", inputs: 1, fold: foldReshape, layer: importReshape},
	{name: "Unsqueeze", inputs: 1, fold: foldReshape, layer: importReshape},
	{name: "Transpose", inputs: 1, fold: foldTranspose, layer: importTranspose},
	{name: "Gather", inputs: 2, fold: foldGather, layer: importGather},
	{name: "Slice", inputs: 1, fold: foldSlice, layer: importSlice},
	{name: "Split", inputs: 1, layer: importSplit},
	{name: "Concat", inputs: 1, fold: foldConcat, layer: importConcat},

	{name: "Add", inputs: 2, fold: arithmetic(addInts, func(a, b float32) float32 { return a + b }), layer: importAdd, anyFirst: true},
	{name: "Sub", inputs: 2, fold: arithmetic(subInts, func(a, b float32) float32 { return a - b }), layer: importSub, anyFirst: true},
	{name: "Mul", inputs: 2, fold: arithmetic(mulInts, func(a, b float32) float32 { return a * b }), layer: importMul, anyFirst: true},
	{name: "Div", inputs: 2, fold: arithmetic(divInts, func(a, b float32) float32 { return a / b }), layer: importDiv},

	{name: "Conv", inputs: 2, layer: importConv},
	{name: "Gemm", inputs: 2, layer: importGemm},
	{name: "MatMul", inputs: 2, layer: importMatMul},
	{name: "BatchNormalization", inputs: 5, layer: importBatchNorm},
	{name: "Relu", inputs: 1, layer: activation(nn.ReLU)},
	{name: "Clip", inputs: 1, layer: importClip},
	{name: "Sigmoid", inputs: 1, layer: activation(nn.Sigmoid)},
	{name: "HardSigmoid", inputs: 1, layer: importHardSigmoid},
	{name: "HardSwish", inputs: 1, layer: activation(nn.HardSwish)},
	{name: "MaxPool", inputs: 1, layer: importMaxPool},
	{name: "AveragePool", inputs: 1, layer: importAveragePool},
	{name: "GlobalAveragePool", inputs: 1, layer: importGlobalAveragePool},
	{name: "ReduceMean", inputs: 1, layer: importReduceMean},
	{name: "Pad", inputs: 1, layer: importPad},
	{name: "Softmax", inputs: 1, layer: importSoftmax},

	{name: "QuantizeLinear", inputs: 2, layer: importQuantize},
	{name: "DequantizeLinear", inputs: 2, fold: foldDequantize, layer: importDequantize},
}

// importIdentity also does Dropout, which does nothing outside of training.
func importIdentity(_ *importer, _ *node, in []*value) ([]*value, error) { return in[:1], nil }

// weight gives a constant input of a layer, real and of the given rank.
func weight(in []*value, i, rank int) (*constant, []float32, error) {
	if in[i].c == nil {
		return nil, nil, UnsupportedError(fmt.Sprintf("input %d is computed by the network, want a constant", i))
	}
	c := in[i].c
	w, err := c.floats()
	if err != nil || w == nil || len(c.dims) != rank {
		return nil, nil, UnsupportedError(fmt.Sprintf("input %d has shape %v, want %d dimensions of float32", i, c.dims, rank))
	}
	return c, w, nil
}

// vector gives an optional constant input of a layer that has n elements; nil
// if it is absent.
func vector(in []*value, i, n int) ([]float32, error) {
	if i >= len(in) || in[i] == nil {
		return nil, nil
	}
	if in[i].c == nil {
		return nil, UnsupportedError(fmt.Sprintf("input %d is computed by the network, want a constant", i))
	}
	v, err := in[i].c.floats()
	if err != nil {
		return nil, UnsupportedError(err.Error())
	}
	if len(v) != n {
		return nil, UnsupportedError(fmt.Sprintf("input %d has shape %v, want %d elements", i, in[i].c.dims, n))
	}
	return v, nil
}

// repeated is vector for an input that may be a single number.
func (im *importer) repeated(in []*value, i, n int) ([]float32, error) {
	if in[i].c == nil || in[i].c.len() != 1 {
		return vector(in, i, n)
	}
	v, err := vector(in, i, 1)
	if err != nil {
		return nil, err
	}
	return slices.Repeat(v, n), im.spend(n)
}
