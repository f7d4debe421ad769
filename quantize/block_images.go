package quantize

import (
	"math/rand/v2"

	"mixq/tensor"
)

// Block reconstruction trains on images made of those for calibration: mirrored,
// shifted by up to an eighth of their size, and a quarter of them with a
// rectangle of another (CutMix, Yun et al. 2019). Labels would not survive this,
// but none are read. Of every ten blocks of images the last is held back, and so
// are the images that it is made of.
const (
	holdEvery  = 10
	shiftPart  = 8
	mixedShare = .25
)

// leastBlockImages has one block of images that is held back.
const leastBlockImages = holdEvery * block

// blockImages is the number of images made for so many steps: each is seen about
// five times.
func blockImages(steps int) int {
	return max(steps*blockBatch/5/block*block, leastBlockImages)
}

// heldBack reports whether block b of the images is not trained on.
func heldBack(b int) bool { return b%holdEvery == holdEvery-1 }

// augment makes n images of the given ones, [N,C,H,W] pixels.
func augment(images *tensor.Tensor, n int, seed uint64) *tensor.Tensor {
	var sources [2][]int // trained on, and held back
	for i := range images.Shape()[0] {
		k := count(i%holdEvery == holdEvery-1)
		sources[k] = append(sources[k], i)
	}
	if sources[1] == nil { // too few to tell
		sources[1] = sources[0]
	}
	shape := images.Shape().Clone()
	shape[0] = n
	out := tensor.New(tensor.Uint8, shape...)
	var next [2]int
	for i := range n {
		k := count(heldBack(i / block))
		from := sources[k]
		a := augmenter{rand.New(rand.NewPCG(seed, uint64(i))), shape[2], shape[3]}
		dst := out.Slice(i, i+1).Uint8()
		a.move(dst, pixelsOf(images, from[next[k]%len(from)]))
		next[k]++
		if a.Float64() < mixedShare {
			other := make([]uint8, len(dst))
			a.move(other, pixelsOf(images, from[a.IntN(len(from))]))
			a.cut(dst, other)
		}
	}
	return out
}

func pixelsOf(images *tensor.Tensor, i int) []uint8 { return images.Slice(i, i+1).Uint8() }

// augmenter changes images of planes H×W at random.
type augmenter struct {
	*rand.Rand
	h, w int
}

// move shifts and maybe mirrors an image. What comes in from outside is the
// nearest pixel.
func (a augmenter) move(dst, src []uint8) {
	mirrored := a.IntN(2) == 1
	dy, dx := a.shift(a.h), a.shift(a.w)
	for at := range dst {
		row, y, x := at/(a.h*a.w)*a.h, at/a.w%a.h, at%a.w
		if mirrored {
			x = a.w - 1 - x
		}
		y, x = min(max(y+dy, 0), a.h-1), min(max(x+dx, 0), a.w-1)
		dst[at] = src[(row+y)*a.w+x]
	}
}

func (a augmenter) shift(size int) int {
	most := size / shiftPart
	return a.IntN(2*most+1) - most
}

// cut puts a rectangle of src, a quarter to three quarters high and wide, in
// place of that of dst.
func (a augmenter) cut(dst, src []uint8) {
	top, high := a.span(a.h)
	left, wide := a.span(a.w)
	for plane := 0; plane < len(dst); plane += a.h * a.w {
		for y := top; y < top+high; y++ {
			at := plane + y*a.w + left
			copy(dst[at:at+wide], src[at:])
		}
	}
}

func (a augmenter) span(size int) (from, length int) {
	length = max(size/4+a.IntN(size/2+1), 1)
	return a.IntN(size - length + 1), length
}
