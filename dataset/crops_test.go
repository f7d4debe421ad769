package dataset

import (
	"slices"
	"testing"

	"mixq/tensor"
)

// ramp is one image whose red grows to the right and whose green grows downwards,
// by two for every pixel.
type ramp struct{}

func (ramp) Len() int            { return 1 }
func (ramp) Shape() tensor.Shape { return tensor.Shape{2, 60, 100} }
func (ramp) Image(_ int, pixels []uint8) (int, error) {
	for y := range 60 {
		for x := range 100 {
			pixels[y*100+x], pixels[6000+y*100+x] = uint8(2*x), uint8(2*y)
		}
	}
	return 3, nil
}

// Copies show a rectangle of the image: its colours grow as evenly, over at
// least half of the area, upright, and mirrored half of the time.
func TestCrops(t *testing.T) {
	const copies = 200
	d := Crops(ramp{}, copies, 1)
	if d.Len() != copies+1 || !d.Shape().Equal(ramp{}.Shape()) {
		t.Fatalf("%d images of %v", d.Len(), d.Shape())
	}
	original, img := make([]uint8, 12000), make([]uint8, 12000)
	ramp{}.Image(0, original)
	if label, err := d.Image(0, img); err != nil || label != 3 || !slices.Equal(img, original) {
		t.Errorf("image 0 is not the original: label %d, %v", label, err)
	}
	mirrored := 0
	for i := 1; i <= copies; i++ {
		if label, err := d.Image(i, img); err != nil || label != 3 {
			t.Fatal(label, err)
		}
		again := make([]uint8, len(img))
		if d.Image(i, again); !slices.Equal(again, img) {
			t.Fatalf("copy %d differs from itself", i)
		}
		left, right := int(img[30*100]), int(img[30*100+99])
		if left > right {
			mirrored++
			left, right = right, left
		}
		top, bottom := int(img[6000]), int(img[6000+59*100])
		// Two for every pixel, and a pixel of rounding at either end.
		w, h := float64(right-left)/2+2, float64(bottom-top)/2+2
		if area := w * h / 6000; area < leastArea-.05 || w > 101 || h > 61 {
			t.Errorf("copy %d shows %vx%v pixels", i, w, h)
		}
		for x := range 100 {
			if img[x] != img[59*100+x] {
				t.Fatalf("copy %d is not upright", i)
			}
		}
	}
	if mirrored < copies/2-30 || mirrored > copies/2+30 { // four standard deviations
		t.Errorf("%d of %d copies are mirrored", mirrored, copies)
	}
}
