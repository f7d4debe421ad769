package artifact

import (
	"encoding/json"
	"fmt"
	"hash/crc32"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

const (
	magic       = "\x89MIXQ\r\n\x1a"
	version     = 1
	prefixLen   = 16 // magic, version, length of the header
	headerAlign = 16
	crcLen      = 4
	maxFile     = 1<<31 - 1 // so that offsets fit an int everywhere
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// FormatError says that the bytes are not a well-formed .mixq file.
type FormatError string

func (e FormatError) Error() string { return "not a valid .mixq file: " + string(e) }

// UnsupportedError says that the file is well-formed but of a kind that this
// version of mixq does not read or write.
type UnsupportedError string

func (e UnsupportedError) Error() string { return "unsupported: " + string(e) }

// header is the JSON part of a file. Indices refer to Ops and Values.
type header struct {
	Name   string        `json:"name"`
	Ops    []opHeader    `json:"ops"`
	Values []valueHeader `json:"values"`
	Nodes  []nodeHeader  `json:"nodes"`
	In     []int         `json:"in"`
	Out    []int         `json:"out"`
	Pixels int           `json:"pixels,omitempty"` // channels of the pixel table, 0 without one
	Meta   Meta          `json:"meta"`
}

// opHeader describes all layers that differ in name and connections only.
type opHeader struct {
	Kind  nn.Kind         `json:"k"`
	Attrs json.RawMessage `json:"a"`
}

type nodeHeader struct {
	Name string `json:"n"`
	Op   int    `json:"o"`
	In   []int  `json:"i"`
	Out  []int  `json:"y"`
}

// valueHeader describes a value. One that is neither a graph input nor computed
// by a node is a parameter, whose data the file holds.
type valueHeader struct {
	Name  string       `json:"n"`
	Shape []int        `json:"s,omitzero"`  // absent for computed values
	DType tensor.DType `json:"d,omitzero"`  // absent where the bit-width says it, and for float32
	Bits  uint8        `json:"b,omitempty"` // absent for values without grid
	Axis  int          `json:"x,omitempty"` // of the grid, plus one; absent for one grid a tensor
}

// extent is what blobs take in the two parts of a file.
type extent struct{ words, bytes int64 }

// add fails when the sum cannot be the extent of a file, long before it could
// overflow.
func (e *extent) add(o extent) error {
	e.words += o.words
	e.bytes += o.bytes
	if e.words > maxFile/4 || e.bytes > maxFile {
		return UnsupportedError(fmt.Sprintf("a network of more than %d bytes", maxFile))
	}
	return nil
}

// blobs gives the extent of the grid and the data of a value of type t, whose
// grid may still be empty. Only parameters have data.
func blobs(t nn.Type, param bool) (e extent, err error) {
	n := int64(gridLen(t))
	e = extent{words: n, bytes: n}
	if !param {
		return e, nil
	}
	switch {
	case t.DType == tensor.Int8 && t.Quant != nil:
		n, cols := t.Shape.Rows()
		e.bytes += int64(kernel.PackedLen(n, cols, int(t.Quant.Bits)))
	case (t.DType == tensor.Float32 || t.DType == tensor.Int32) && t.Quant == nil:
		e.words += int64(t.Shape.Elems())
	default:
		return e, UnsupportedError(fmt.Sprintf("a parameter of type %v", t))
	}
	return e, nil
}

// gridLen is the number of scales and of zero points of a value of type t. An
// axis that t does not have is an error of the network, not of a size.
func gridLen(t nn.Type) int {
	switch {
	case t.Quant == nil:
		return 0
	case t.Quant.Axis < 0 || t.Quant.Axis >= len(t.Shape):
		return 1
	}
	return t.Shape[t.Quant.Axis]
}

// measure is the extent of all blobs of a network.
func measure(values []*nn.Value, param func(i int) bool, pixels extent) (sum extent, err error) {
	for i, v := range values {
		e, err := blobs(v.Type, param(i))
		if err == nil {
			err = sum.add(e)
		}
		if err != nil {
			return sum, fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	return sum, sum.add(pixels)
}

// WeightBytes is what a weight of the given shape takes in a file at a
// bit-width: its codes, and a float32 scale and a zero point for every output
// channel (leading index). Two files of one network that differ in bit-widths
// only differ in length by the differences of WeightBytes.
func WeightBytes(s tensor.Shape, bits int) int64 {
	n, cols := s.Rows()
	return int64(kernel.PackedLen(n, cols, bits)) + 5*int64(n)
}
