package dataset

import "mixq/tensor"

// The size of the procedural set, and the seed of the one that Open returns.
const (
	shapesSide  = 32
	shapesTrain = 10000
	shapesTest  = 4000
	shapesSeed  = 1
)

// Shapes returns the procedural image set that belongs to seed: antialiased
// figures of ten classes, 3x32x32, at random places, sizes and angles, in random
// colours on textured backgrounds, among scraps and noise. Image i shows class
// i%10. Images are drawn when asked for.
//
// Pixels are equal on every machine: the arithmetic is additions, products,
// divisions and square roots in float64, rounded one by one (float64(a*b)+c, so
// that no compiler may fuse them), and no other function of package math that
// is not exact.
func Shapes(seed uint64, split Split) Dataset { return shapes{seed, split} }

type shapes struct {
	seed  uint64
	split Split
}

// Len implements Dataset.
func (s shapes) Len() int {
	if s.split == Train {
		return shapesTrain
	}
	return shapesTest
}

// Shape implements Dataset.
func (s shapes) Shape() tensor.Shape { return tensor.Shape{3, shapesSide, shapesSide} }

// Image implements Dataset.
func (s shapes) Image(i int, pixels []uint8) (int, error) {
	if i < 0 || i >= s.Len() {
		panic("dataset: image index out of range")
	}
	label := i % len(figures)
	r := newRandom(s.seed, uint64(s.split), uint64(i))
	var c canvas
	base := c.background(r)
	for range r.below(maxScraps/2 + 1) {
		c.scrap(r, base)
	}
	c.paint(r, place(r, minScale, maxScale), figures[label].outline, against(r, base))
	for range r.below(maxScraps/2 + 1) {
		c.scrap(r, base)
	}
	c.expose(r, pixels)
	return label, nil
}

func shapeClasses() []string {
	names := make([]string, len(figures))
	for i, f := range figures {
		names[i] = f.name
	}
	return names
}
