package quantize

import (
	"fmt"

	"mixq/nn"
	"mixq/tensor"
)

// imageSet is a number of images and their labels, which may be nil.
type imageSet struct {
	images *tensor.Tensor
	labels []int
}

func (s imageSet) len() int { return s.images.Shape()[0] }

func (s imageSet) slice(lo, hi int) imageSet {
	t := imageSet{images: s.images.Slice(lo, hi)}
	if s.labels != nil {
		t.labels = s.labels[lo:hi]
	}
	return t
}

// spread is n images from all over the set, or the set if it has no more: what
// shows the same photograph, cropped or mirrored, stands together.
func (s imageSet) spread(n int) imageSet {
	all := s.len()
	if all <= n {
		return s
	}
	t, chosen := imageSet{}, make([]int, n)
	for i := range chosen {
		chosen[i] = i * all / n
		if s.labels != nil {
			t.labels = append(t.labels, s.labels[chosen[i]])
		}
	}
	t.images = rowsOf(s.images, chosen)
	return t
}

// rowsOf gathers elements of the leading dimension, of codes, pixels or reals.
func rowsOf(x *tensor.Tensor, rows []int) *tensor.Tensor {
	shape := x.Shape().Clone()
	shape[0] = len(rows)
	y := tensor.New(x.DType(), shape...)
	for i, r := range rows {
		copyRows(y.Slice(i, i+1), x.Slice(r, r+1))
	}
	return y
}

// copyRows copies src to the beginning of dst.
func copyRows(dst, src *tensor.Tensor) {
	if src.DType() == tensor.Uint8 {
		copy(dst.Uint8(), src.Uint8())
	} else {
		copy(dst.Float32(), src.Float32())
	}
}

// block is block b of the images (blockOf), with labels.
func (s imageSet) block(b int) imageSet { return s.slice(b*block, min((b+1)*block, s.len())) }

// check fails if m wants labels that are not there or are no classes of g.
func (s imageSet) check(g *nn.Graph, m Metric) error {
	if !measures[m].labelled {
		return nil
	}
	classes := g.Outputs[0].Type.Shape.Elems()
	if len(s.labels) != s.len() {
		return fmt.Errorf("quantize: metric %v wants a label for every calibration image; use %v, which wants none", m, FisherProjection)
	}
	for i, l := range s.labels {
		if l < 0 || l >= classes {
			return fmt.Errorf("quantize: label %d of calibration image %d, want 0 to %d", l, i, classes-1)
		}
	}
	return nil
}

// collect copies all images of the batches into one tensor [N,C,H,W], and
// their labels.
func collect(b Batches, g *nn.Graph) (imageSet, error) {
	want := g.Inputs[0].Type.Shape[1:]
	var data []uint8
	var labels []int
	n := 0
	for x, l := range b.All() {
		if x.DType() != tensor.Uint8 || !x.Shape()[1:].Equal(want) {
			return imageSet{}, fmt.Errorf("quantize: images are %v %v, the network takes bytes of %v", x.DType(), x.Shape()[1:], want)
		}
		data = append(data, x.Uint8()...)
		labels = append(labels, l...)
		n += x.Shape()[0]
	}
	if err := b.Err(); err != nil {
		return imageSet{}, err
	}
	if n == 0 {
		return imageSet{}, fmt.Errorf("quantize: no calibration images")
	}
	return imageSet{tensor.FromUint8(data, append([]int{n}, want...)...), labels}, nil
}
