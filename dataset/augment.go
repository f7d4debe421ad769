package dataset

// augmentPad is the number of black pixels around an image before a random crop
// brings it back to its size, as for CIFAR in He et al. 2016 (section 4.2).
const augmentPad = 4

// Augment returns d as one epoch of training sees it: every image shifted by up
// to four pixels in both directions, with black edges, and mirrored left to
// right with probability 1/2. The draws depend on seed, epoch and the index of
// the image.
func Augment(d Dataset, seed uint64, epoch int) Dataset {
	return augmented{d, seed, uint64(epoch)}
}

type augmented struct {
	Dataset
	seed, epoch uint64
}

// Image implements Dataset.
func (a augmented) Image(i int, pixels []uint8) (int, error) {
	s := a.Shape()
	src := make([]uint8, s.Elems())
	label, err := a.Dataset.Image(i, src)
	if err != nil {
		return 0, err
	}
	r := newRandom(a.seed, a.epoch, uint64(i))
	dy, dx := r.below(2*augmentPad+1)-augmentPad, r.below(2*augmentPad+1)-augmentPad
	mirror := r.below(2) == 1
	height, width := s[1], s[2]
	for row := range s[0] * height {
		c, y := row/height, row%height
		for x := range width {
			sy, sx := y+dy, x+dx
			if mirror {
				sx = width - 1 - sx
			}
			var v uint8
			if sy >= 0 && sy < height && sx >= 0 && sx < width {
				v = src[(c*height+sy)*width+sx]
			}
			pixels[row*width+x] = v
		}
	}
	return label, nil
}
