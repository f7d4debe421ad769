package kernel

import "mixq/asm"

// pointwiseBlock is the number of elements of x that are read for all channels
// before those after them: half of a second-level cache.
const pointwiseBlock = 1 << 16

// PointwiseF32 is a planned 1x1 convolution of stride 1 without padding or
// groups. It computes the bits of a ConvF32, but reads the planes where they lie
// and finishes the sums in registers. It is safe for concurrent use.
type PointwiseF32 struct {
	tile      asm.PointwiseF32
	cin       int
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
	plain := Conv2dParams{KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1, DilationH: p.DilationH, DilationW: p.DilationW, Groups: 1}
	return p == plain && tile.Level == asm.GemmF32For().Level && cout%tile.MR == 0
}

// NewPointwiseF32 plans the convolution of x [C,H,W] (C = cin), where H·W =
// positions, with weight [O,C] (O = cout). The weight is packed, so it may change
// afterwards. It panics if cout does not fill panels or the weight has another
// size.
func NewPointwiseF32(cin, positions, cout int, weight []float32) *PointwiseF32 {
	c := &PointwiseF32{tile: asm.PointwiseF32For(), cin: cin, positions: positions}
	if cout%c.tile.MR != 0 || len(weight) != cin*cout {
		panic(badWeight)
	}
	blocks := ceilDiv(positions, max(pointwiseBlock/cin, 2*c.tile.NR))
	c.block = roundUp(ceilDiv(positions, blocks), c.tile.NR)
	c.panels = cout / c.tile.MR
	c.zeros = make([]float32, c.tile.MR)
	c.packed = make([]float32, len(weight))
	packPanels(c.packed, weight, cin, true, cout, cin, c.tile.MR)
	return c
}

// Scratch is the number of float32 elements of scratch that Run needs: none.
func (c *PointwiseF32) Scratch() int { return 0 }

// Tiles is the number of independent parts of the output of one image. It
// depends on the sizes and the level only.
func (c *PointwiseF32) Tiles() int { return ceilDiv(c.positions, c.block) * c.panels }

// Run computes the given tiles of the output of one image; the rest of dst is
// left alone. bias [O] and residual [O,H,W] may be nil; dst may be residual. It
// allocates nothing. It panics if slices are too short.
func (c *PointwiseF32) Run(dst, x, bias, residual []float32, act Clamp, tiles Range, _ []float32) {
	mr := c.tile.MR
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
