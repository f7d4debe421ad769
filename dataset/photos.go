package dataset

import (
	"fmt"

	"mixq/tensor"
)

// photos is a list of image files, read when asked for.
type photos struct {
	files   []photoFile
	prepare Preprocess
}

type photoFile struct {
	path  string
	label int
}

// Len implements Dataset.
func (d photos) Len() int { return len(d.files) }

// Shape implements Dataset.
func (d photos) Shape() tensor.Shape { return d.prepare.shape() }

// Image implements Dataset.
func (d photos) Image(i int, pixels []uint8) (int, error) {
	f := d.files[i]
	if err := readPhoto(f.path, d.prepare, pixels); err != nil {
		return 0, fmt.Errorf("dataset: %s: %w", f.path, err)
	}
	return f.label, nil
}
