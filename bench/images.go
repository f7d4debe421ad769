package bench

import (
	"iter"

	"mixq/quantize"
	"mixq/tensor"
)

// held are images in memory, for those who read them many times.
type held struct {
	images []*tensor.Tensor
	labels [][]int
}

// hold reads images, which must belong to their reader.
func hold(b quantize.Batches) (*held, error) {
	h := &held{}
	for x, labels := range b.All() {
		h.images, h.labels = append(h.images, x), append(h.labels, labels)
	}
	return h, b.Err()
}

// All yields the batches as they were read.
func (h *held) All() iter.Seq2[*tensor.Tensor, []int] {
	return func(yield func(*tensor.Tensor, []int) bool) {
		for i, x := range h.images {
			if !yield(x, h.labels[i]) {
				return
			}
		}
	}
}

// Err is nil: all has been read.
func (h *held) Err() error { return nil }
