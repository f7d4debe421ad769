package kernel

import (
	"math"

	"mixq/asm"
)

// PoolF32 is planned pooling of one image, a stencil on every plane. It is
// immutable and safe for concurrent use.
type PoolF32 struct {
	frame       frame
	stencil     asm.StencilF32
	direct      *asm.Plane3x3F32 // instead of both, if the level has such a kernel
	pad         float32          // around the planes
	weights     []float32        // of an average; nil: the maximum
	corrections []correction
}

// correction is the factor of an output whose window counts fewer pixels.
type correction struct {
	at     int
	factor float32
}

// NewMaxPoolF32 plans MaxPool of planes of h by w pixels.
func NewMaxPoolF32(p Pool2dParams, h, w int) *PoolF32 {
	return newPoolF32(p, h, w, float32(math.Inf(-1)))
}

// NewAvgPoolF32 plans AvgPool of planes of h by w pixels. It multiplies by
// reciprocals, so that the last bits of a mean may be others.
func NewAvgPoolF32(p Pool2dParams, h, w int) *PoolF32 {
	c := newPoolF32(p, h, w, 0)
	size := p.KernelH * p.KernelW
	c.weights = make([]float32, size)
	for i := range c.weights {
		c.weights[i] = 1 / float32(size)
	}
	newPooling(p, h, w).each(func(o int, _ rect, n int) {
		if n != size {
			c.corrections = append(c.corrections, correction{o, float32(size) / float32(n)})
		}
	})
	if asm.Plane3x3F32Pays() && p.KernelH == 3 && p.KernelW == 3 && p.StrideH == p.StrideW && p.StrideH <= 2 {
		c.direct = &asm.Plane3x3F32{Height: h, Width: w, Stride: p.StrideH, Top: p.PadTop, Left: p.PadLeft,
			Rows: c.stencil.Rows, Columns: c.stencil.Columns}
		c.direct.Plan()
	}
	return c
}

// newPoolF32 plans the geometry, which is that of a convolution with as much
// padding as the windows need.
func newPoolF32(p Pool2dParams, h, w int, pad float32) *PoolF32 {
	oh, ow := p.OutSize(h, w)
	geometry := Conv2dParams{KernelH: p.KernelH, KernelW: p.KernelW, StrideH: p.StrideH, StrideW: p.StrideW,
		DilationH: 1, DilationW: 1, PadTop: p.PadTop, PadLeft: p.PadLeft, Groups: 1,
		PadBottom: (oh-1)*p.StrideH + p.KernelH - h - p.PadTop, PadRight: (ow-1)*p.StrideW + p.KernelW - w - p.PadLeft}
	f := inputFrame(geometry, h, w, true)
	s := asm.StencilF32{Rows: oh, Columns: ow, Stride: p.StrideH * f.fw, Offsets: f.tapOffsets(geometry, 1)}
	return &PoolF32{frame: f, stencil: s, pad: pad}
}

// Scratch is the number of float32 elements of scratch that Run needs.
func (c *PoolF32) Scratch() int {
	if c.direct != nil || c.frame.plain() {
		return 0
	}
	return c.frame.fh * c.frame.fw
}

// Run computes the given planes of dst [C,OH,OW] from x [C,H,W]. It allocates
// nothing. It panics if slices are too short.
func (c *PoolF32) Run(dst, x []float32, planes Range, scratch []float32) {
	f := &c.frame
	img, _ := cut(scratch, c.Scratch())
	for i := range img {
		img[i] = c.pad
	}
	n := c.stencil.Rows * c.stencil.Columns
	for p := planes.Lo; p < planes.Hi; p++ {
		src := x[p*f.h*f.w:][:f.h*f.w]
		if len(img) > 0 {
			f.fillPlane(img, src, 0, f.fh)
			src = img
		}
		c.plane(dst[p*n:][:n], src)
	}
}

// plane computes one plane from its frame, or from itself if it has none.
func (c *PoolF32) plane(dst, img []float32) {
	switch {
	case c.weights == nil:
		c.stencil.Max(dst, img)
		return
	case c.direct != nil:
		c.direct.Run(dst, img, (*[9]float32)(c.weights), 0, unbounded.Lo, unbounded.Hi)
	default:
		c.stencil.Run(dst, img, c.weights, 0, unbounded.Lo, unbounded.Hi)
	}
	for _, k := range c.corrections {
		dst[k.at] *= k.factor
	}
}
