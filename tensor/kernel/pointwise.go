package kernel

import "mixq/asm"

// pointwiseBlock is the number of elements of x that are read for all channels
// before those after them: half of a second-level cache.
const pointwiseBlock = 1 << 16

// PointwiseF32 is a planned 1x1 convolution of stride 1 or 2 without padding or
// groups. Where PointwiseFits holds it computes the bits of a ConvF32, but reads the
// planes where they lie, or every second row and column once, and finishes the
// sums in registers. It is safe for concurrent use.
type PointwiseF32 struct {
	tile      asm.PointwiseF32
	cin       int
	h, w      int // the input
	stride    int
	outW      int
	positions int
	block     int       // positions of a tile
	panels    int       // of channels
	packed    []float32 // weights
	zeros     []float32 // the bias where there is none
}

// PointwiseFits reports whether a PointwiseF32 can compute the convolution and
// the current level has a kernel for it. Output channels must fill its panels.
func PointwiseFits(p Conv2dParams, cout int) bool {
	tile := asm.PointwiseF32For()
	plain := Conv2dParams{KernelH: 1, KernelW: 1, StrideH: p.StrideH, StrideW: p.StrideH, DilationH: p.DilationH, DilationW: p.DilationW, Groups: 1}
	return p == plain && p.StrideH <= 2 && tile.Level == asm.GemmF32For().Level && cout%tile.MR == 0
}

// NewPointwiseF32 plans the convolution of x [C,H,W] (C = cin) with weight
// [O,C,1,1] (O = cout). The weight is packed, so it may change afterwards. It
// panics if cout does not fill panels or the weight has another size.
func NewPointwiseF32(p Conv2dParams, cin, h, w, cout int, weight []float32) *PointwiseF32 {
	oh, ow := p.OutSize(h, w)
	c := &PointwiseF32{tile: asm.PointwiseF32For(), cin: cin, h: h, w: w, stride: p.StrideH, outW: ow, positions: oh * ow}
	if cout%c.tile.MR != 0 || len(weight) != cin*cout {
		panic(badWeight)
	}
	blocks := ceilDiv(c.positions, max(pointwiseBlock/cin, 2*c.tile.NR))
	c.block = roundUp(ceilDiv(c.positions, blocks), c.tile.NR)
	c.panels = cout / c.tile.MR
	c.zeros = make([]float32, c.tile.MR)
	c.packed = make([]float32, len(weight))
	packPanels(c.packed, weight, cin, true, cout, cin, c.tile.MR)
	LargePages(c.packed)
	return c
}

// WeightBytes is the memory that the packed weights take.
func (c *PointwiseF32) WeightBytes() int64 { return 4 * int64(len(c.packed)) }

// Scratch is the number of float32 elements of scratch that Run needs.
func (c *PointwiseF32) Scratch() int {
	if c.stride == 1 {
		return 0
	}
	return (c.cin + 1) * c.positions
}

// Tiles is the number of independent parts of the output of one image. It
// depends on the sizes and the level only.
func (c *PointwiseF32) Tiles() int { return ceilDiv(c.positions, c.block) * c.panels }

// Run computes the given tiles of the output of one image; the rest of dst is
// left alone. bias [O] and residual [O,OH,OW] may be nil; dst may be residual. It
// allocates nothing. It panics if slices are too short.
func (c *PointwiseF32) Run(dst, x, bias, residual []float32, act Clamp, tiles Range, scratch []float32) {
	mr := c.tile.MR
	if c.stride == 2 {
		rows := Range{tiles.Lo / c.panels * c.block / c.outW, ceilDiv(min(ceilDiv(tiles.Hi, c.panels)*c.block, c.positions), c.outW)}
		x = c.halve(x, rows, scratch)
	}
	for t := tiles.Lo; t < tiles.Hi; t++ {
		ch, lo := t%c.panels*mr, t/c.panels*c.block
		at, b, res := ch*c.positions+lo, c.zeros, residual
		if bias != nil {
			b = bias[ch:]
		}
		if res != nil {
			res = res[at:]
		}
		c.tile.Run(dst[at:], c.positions, x[lo:], c.positions, c.packed[ch*c.cin:], c.cin, b, res,
			min(c.block, c.positions-lo), act.Lo, act.Hi)
	}
}

// halve keeps every second row and column of the planes of x, for the given rows
// of the output. What is between the columns goes after the planes.
func (c *PointwiseF32) halve(x []float32, rows Range, scratch []float32) []float32 {
	planes, between := cut(scratch, c.cin*c.positions)
	for ch := range c.cin {
		at := ch*c.positions + rows.Lo*c.outW
		asm.SplitRowsF32(planes[at:], between, c.outW, x[(ch*c.h+2*rows.Lo)*c.w:], 2*c.w, rows.Hi-rows.Lo, min(2*c.outW, c.w))
	}
	return planes
}
