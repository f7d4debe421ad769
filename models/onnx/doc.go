// Package onnx reads networks from ONNX files (github.com/onnx/onnx) and writes
// them. It covers what exporters make of convolutional classifiers at opsets 11
// to 21: shapes that are computed in the graph are folded to constants, other
// nodes become layers of package nn. Networks take one image at a time: a
// leading dimension of variable size becomes 1.
//
// Reading is bounded: nothing is allocated before the file proves that it holds
// as much, and what is derived from its constants has a budget that grows with
// the file. Tensors in files of their own are read from the folder of the model
// and those below it, and from nowhere else.
//
// Data that breaks the format is reported as a FormatError, well-formed models
// with parts that this package does not know as an UnsupportedError, which
// names all of them.
package onnx

// FormatError reports data that is not a well-formed ONNX model.
type FormatError string

func (e FormatError) Error() string { return "onnx: " + string(e) }

// UnsupportedError reports a well-formed model, or a network to write, with
// parts that this package does not know.
type UnsupportedError string

func (e UnsupportedError) Error() string { return "onnx: " + string(e) }

// The opsets that are read, and those that are written: for real-valued
// networks, and for quantized ones with weights of 4 bits or fewer.
const (
	minOpset   = 11
	maxOpset   = 21
	floatOpset = 17
	int4Opset  = 21
)
