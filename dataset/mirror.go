package dataset

import (
	"slices"

	"mixq/tensor"
)

// Mirror returns d with every image followed by itself mirrored left to right:
// image i of d is image 2i, and 2i+1 mirrored.
func Mirror(d Dataset) Dataset { return mirrored{d} }

type mirrored struct{ data Dataset }

// Len implements Dataset.
func (m mirrored) Len() int { return 2 * m.data.Len() }

// Shape implements Dataset.
func (m mirrored) Shape() tensor.Shape { return m.data.Shape() }

// Image implements Dataset.
func (m mirrored) Image(i int, pixels []uint8) (int, error) {
	label, err := m.data.Image(i/2, pixels)
	if err == nil && i%2 == 1 {
		for row := range slices.Chunk(pixels, m.Shape()[2]) {
			slices.Reverse(row)
		}
	}
	return label, err
}
