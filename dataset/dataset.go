// Package dataset provides labelled images as bytes: R, G, B planes at the size
// the network takes, in tensors N,C,H,W. Normalisation is not applied here; it
// is a property of the network's input, which Preprocess describes, so that
// integer inference can start from the bytes.
//
// Everything is a function of its arguments: an order, an augmented image or a
// procedural image depends on the seed and its index, never on what was drawn
// before, and is the same on every machine.
package dataset

import (
	"fmt"
	"iter"

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
	// returns its class. It panics if i is not in [0, Len()). It cannot fail:
	// what can go wrong with a file is found when the Dataset is made.
	Image(i int, pixels []uint8) (label int)
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

// Batches yields the images with the given indices in order, as Uint8 tensors
// n,C,H,W with the n labels. Every batch has batch images, except the last,
// which has what is left. Tensor and labels belong to the caller. The loop may
// be run any number of times. Batches panics if batch <= 0.
func Batches(d Dataset, indices []int, batch int) iter.Seq2[*tensor.Tensor, []int] {
	if batch <= 0 {
		panic("dataset: Batches: batch is not positive")
	}
	return func(yield func(*tensor.Tensor, []int) bool) {
		for lo := 0; lo < len(indices); lo += batch {
			if !yield(load(d, indices[lo:min(lo+batch, len(indices))])) {
				return
			}
		}
	}
}

// load returns one batch.
func load(d Dataset, indices []int) (*tensor.Tensor, []int) {
	x := tensor.New(tensor.Uint8, append([]int{len(indices)}, d.Shape()...)...)
	labels := make([]int, len(indices))
	size := d.Shape().Elems()
	for k, i := range indices {
		labels[k] = d.Image(i, x.Uint8()[k*size:][:size])
	}
	return x, labels
}
