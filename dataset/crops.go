package dataset

import (
	"slices"

	"mixq/tensor"
)

// Crops returns d with every image followed by so many copies of parts of it:
// image i of d is image i·(copies+1), and those after it show a random rectangle
// of at least a tenth of its area and of a ratio of sides from 3:4 to 4:3, brought back
// to the size of the image and mirrored with probability 1/2, as networks for
// photographs are trained with (Szegedy et al. 2015). The draws depend on seed
// and the index.
func Crops(d Dataset, copies int, seed uint64) Dataset { return crops{d, copies, seed} }

type crops struct {
	data   Dataset
	copies int
	seed   uint64
}

// Len implements Dataset.
func (c crops) Len() int { return (c.copies + 1) * c.data.Len() }

// Shape implements Dataset.
func (c crops) Shape() tensor.Shape { return c.data.Shape() }

// leastArea is the smallest part of an image that a crop shows. Small parts make
// many unlike images of one (docs/METHOD.md, Images).
const leastArea = .1

// Image implements Dataset.
func (c crops) Image(i int, pixels []uint8) (int, error) {
	label, err := c.data.Image(i/(c.copies+1), pixels)
	if err != nil || i%(c.copies+1) == 0 {
		return label, err
	}
	r := newRandom(c.seed, uint64(i))
	s := c.Shape()
	x, y := r.window(s[2], s[1])
	src := slices.Clone(pixels)
	mirror := r.below(2) == 1
	for ch := range s[0] {
		plane := src[ch*s[1]*s[2]:][:s[1]*s[2]]
		rows := make([]uint8, len(plane))
		for k := range s[1] {
			row := rows[k*s[2]:][:s[2]]
			x.row(row, plane[k*s[2]:], 1)
			if mirror {
				slices.Reverse(row)
			}
		}
		for k, weights := range y.weights {
			column(pixels[(ch*s[1]+k)*s[2]:][:s[2]], rows[y.first[k]*s[2]:], weights)
		}
	}
	return label, nil
}

// window draws a rectangle of an image of w by h pixels: the taps that bring it
// to the size of the image.
func (r random) window(w, h int) (x, y taps) {
	area, ratio := r.between(leastArea, 1), r.between(3./4, 4./3)
	// Squares of the sides relative to the image's; no side is longer than it.
	cw, ch := min(area*ratio, 1), min(area/ratio, 1)
	return r.side(w, cw), r.side(h, ch)
}

// side draws where a part of an axis of n pixels begins, whose length relative
// to the axis is the square root of square.
func (r random) side(n int, square float64) taps {
	k := n
	for k > 1 && float64(k*k) > square*float64(n*n) {
		k--
	}
	t := newTaps(k, n, 0, n)
	at := r.below(n - k + 1)
	for i := range t.first {
		t.first[i] += at
	}
	return t
}
