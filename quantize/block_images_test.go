package quantize

import (
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/tensor"
)

// The images that are held back are made of others than those trained on, and
// images are not all alike.
func TestAugment(t *testing.T) {
	const n = 25
	images := tensor.New(tensor.Uint8, n, 3, 9, 8)
	size := images.Len() / n
	for i := range images.Uint8() {
		images.Uint8()[i] = uint8(i / size) // an image of its own index
	}
	out := augment(images, leastBlockImages, 5)
	mixed := 0
	for i := range leastBlockImages {
		x := out.Slice(i, i+1).Uint8()
		for _, v := range x {
			if held := int(v)%holdEvery == holdEvery-1; int(v) >= n || held != heldBack(i/block) {
				t.Fatalf("image %d has pixels of %d", i, v)
			}
		}
		mixed += count(slices.Max(x) != slices.Min(x))
	}
	if share := float64(mixed) / leastBlockImages; share < mixedShare*.6 || share > mixedShare*1.2 {
		t.Errorf("%.2f of the images are of two, want about %v", share, mixedShare)
	}
}

// Shifted and mirrored images keep rows and planes together.
func TestAugmentMove(t *testing.T) {
	const h, w = 16, 24
	src := make([]uint8, 2*h*w)
	for i := range src {
		src[i] = uint8(100*(i/(h*w)) + i%(h*w)/w*4 + i%w/8) // steps of 4 between rows
	}
	a := augmenter{rand.New(rand.NewPCG(1, 1)), h, w}
	for range 50 {
		dst := make([]uint8, len(src))
		a.move(dst, src)
		for p := range 2 {
			for y := range h - 1 {
				at := (p*h + y) * w
				row, below := dst[at:at+w], dst[at+w:at+2*w]
				if d := below[0] - row[0]; d != 0 && d != 4 || int(row[0])/100 != p {
					t.Fatalf("row %d of plane %d is %v, below it %v", y, p, row, below)
				}
				if !slices.IsSorted(row) {
					slices.Reverse(row)
					if !slices.IsSorted(row) {
						t.Fatalf("row %v is in no order", row)
					}
					slices.Reverse(row)
				}
			}
		}
	}
}
