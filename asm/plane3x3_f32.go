package asm

import "mixq/internal/isa"

// Plane3x3F32 is the geometry of a 3x3 convolution of one plane of Height by
// Width pixels.
type Plane3x3F32 struct {
	Height, Width int
	Stride        int // 1 or 2
	Top, Left     int // padding
	Rows, Columns int // of the result; what its windows lack below and on the right is padding, too
	masks         []uint16
}

// planeLanes is the number of columns that the kernel computes at once, and
// planeMasks the number of masks that it reads for them.
const (
	planeLanes = 16
	planeMasks = 5
)

// Plane3x3F32Pays reports whether the current level has a kernel that is faster
// than a StencilF32 of a copy with padding.
func Plane3x3F32Pays() bool { return isa.Current() >= isa.AVX512VNNI }

// Plan prepares what Run needs; p must not change afterwards. It panics if the
// stride is another or a size is negative.
func (p *Plane3x3F32) Plan() {
	if p.Stride != 1 && p.Stride != 2 {
		panic(badStride)
	}
	if min(p.Height, p.Width, p.Top, p.Left, p.Rows, p.Columns) < 0 {
		panic(badSize)
	}
	places := [][]int{{0, 1, 2}, {0, planeLanes, 2, 2 + planeLanes}}[p.Stride-1]
	p.masks = nil
	for j := 0; j < p.Columns; j += planeLanes {
		var masks [planeMasks]uint16
		for i, place := range places {
			masks[i] = lanesWithin(j*p.Stride-p.Left+place, p.Width)
		}
		masks[planeMasks-1] = lanesWithin(j, p.Columns)
		p.masks = append(p.masks, masks[:]...)
	}
}

// lanesWithin has a bit for every lane that, counted from first, is in [0, n).
func lanesWithin(first, n int) uint16 {
	var mask uint16
	for l := range planeLanes {
		if first+l >= 0 && first+l < n {
			mask |= 1 << l
		}
	}
	return mask
}

// Run is
//
//	v := bias
//	for k := range 3 {
//		for l := range 3 {
//			v += w[3*k+l] * src[(i*Stride-Top+k)*Width+j*Stride-Left+l]
//		}
//	}
//	dst[i*Columns+j] = min(max(v, lo), hi)
//
// for i < Rows, j < Columns, where pixels outside the plane are zero. Finite
// numbers give the bits of StencilF32. A NaN stays one; the sign of a zero is not
// defined. It panics if a slice is too short. dst must not overlap src.
func (p *Plane3x3F32) Run(dst, src []float32, w *[9]float32, bias, lo, hi float32) {
	switch {
	case len(dst) < p.Rows*p.Columns:
		panic(shortDst)
	case len(src) < p.Height*p.Width:
		panic(shortSrc)
	}
	if p.Rows > 0 && p.Columns > 0 {
		p.run(dst, src, w, bias, lo, hi)
	}
}
