// Package safetensors reads and writes named tensors in the safetensors format
// (github.com/huggingface/safetensors): eight bytes of header length, a JSON
// header, and the elements, little-endian, without gaps.
//
// Reading is strict and bounded: every length is checked against the size of
// the file before anything is allocated for it, and tensors may neither overlap
// nor leave holes. Values are not judged: NaNs and infinities pass.
//
// Data that breaks the format is reported as a FormatError, data that keeps to
// it but has no place in a tensor.Tensor as an UnsupportedError.
package safetensors

import "mixq/tensor"

// File is the content of a safetensors file.
type File struct {
	Tensors  map[string]*tensor.Tensor
	Metadata map[string]string // the "__metadata__" of the header; nil if absent
}

// FormatError reports data that is not a well-formed safetensors file.
type FormatError string

func (e FormatError) Error() string { return "safetensors: " + string(e) }

// UnsupportedError reports a well-formed file with a feature that this package
// does not read.
type UnsupportedError string

func (e UnsupportedError) Error() string { return "safetensors: " + string(e) }

const (
	metadataKey = "__metadata__"
	maxHeader   = 100_000_000 // as in the reference implementation
	maxRank     = 8
)

// encoding is an element type by its name in the header.
type encoding struct {
	name string
	enc  tensor.Encoding
}

// encodings are the element types read. A tensor is written in the first one
// that is read as its DType.
var encodings = [...]encoding{
	{"F32", tensor.EncF32},
	{"F64", tensor.EncF64},
	{"F16", tensor.EncF16},
	{"BF16", tensor.EncBF16},
	{"I8", tensor.EncI8},
	{"U8", tensor.EncU8},
	{"I32", tensor.EncI32},
	{"I64", tensor.EncI64},
	{"BOOL", tensor.EncBool},
}

// entry is the header's description of one tensor. The offsets count from the
// end of the header.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}
