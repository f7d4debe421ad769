// Package dataset provides labelled images as bytes: planes of the colours at
// the size the network takes, in tensors N,C,H,W. Normalisation is not applied
// here; it is a property of the network's input, which Preprocess describes, so
// that integer inference can start from the bytes.
//
// Everything is a function of its arguments: an order, an augmented image or a
// procedural image depends on the seed and its index, never on what was drawn
// before, and is the same on every machine. Photographs are decoded by the
// standard library, so their pixels are those of its version.
package dataset

import (
	"fmt"

	"mixq/tensor"
)

// Dataset is a list of labelled images of one size. It is immutable and safe
// for concurrent use.
type Dataset interface {
	// Len is the number of images.
	Len() int
	// Shape is C,H,W of every image.
	Shape() tensor.Shape
	// Image writes the bytes of image i, Shape().Elems() of them, to pixels and
	// returns its class. The error, which names the file, says that the image
	// cannot be read. Image panics if i is not in [0, Len()).
	Image(i int, pixels []uint8) (label int, err error)
}

// Split names a part of a Source.
type Split uint8

// The splits of a Source.
const (
	Train Split = iota + 1
	Test
)

func (s Split) String() string {
	switch s {
	case Train:
		return "train"
	case Test:
		return "test"
	}
	return fmt.Sprintf("Split(%d)", uint8(s))
}
