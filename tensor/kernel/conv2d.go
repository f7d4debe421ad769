package kernel

import (
	"slices"

	"mixq/asm"
)

// Blocks of a convolution. The depth is cut in even blocks of about convDepth. A
// tile covers so many output positions that a block of its patches has no more
// than convPatches elements and the sums of all channels, if they have to wait
// for the next block, no more than convSums; these and a block of the weights
// share the second-level cache. Channels are cut only where that gives too few
// tiles to share out. No bit of the result depends on any of them.
const (
	convDepth   = 192
	convPatches = 1 << 16
	convSums    = 1 << 17
	convTiles   = 8
)

const badWeight = "kernel: the weight has another size than the plan"

// ConvF32 is a planned float convolution of one image,
//
//	y[o,i,j] = clamp(sum over c,kh,kw of x[c, i*StrideH+kh*DilationH-PadTop, j*StrideW+kw*DilationW-PadLeft] * weight[o,c,kh,kw] + bias[o] + residual[o,i,j])
//
// as an implicit GEMM: patches are gathered straight into the panels of the
// micro-kernel (conv2d_tile.go) or read where they lie (conv2d_swapped.go), never
// put into a patch matrix. Each sum is one chain of additions in c,kh,kw order.
// Depthwise convolutions have a loop of their own (depthwise.go).
//
// A ConvF32 is safe for concurrent use, except for Repack.
type ConvF32 struct {
	frame      frame
	groups     int
	cin, cout  int // of one group
	depth      int // taps·cin: the length of a patch
	positions  int
	outW       int
	strideH    int      // in rows of the frame
	reachH     int      // rows of the frame under the kernel
	taps       asm.Taps // patch element -> offset in the frame (see frame)
	corners    []int32  // position -> offset in the frame
	transposed bool     // weight is that of the forward convolution, this is its data gradient
	depthwise  bool
	plane      *asm.Plane3x3F32 // of a depthwise convolution that needs no frame
	swapped    bool             // the sides of the product (conv2d_swapped.go)

	gemm            asm.GemmF32
	patches         asm.PatchesF32 // if swapped
	block           int            // of the depth
	posTile, chTile int
	packed          []float32 // weights: blocks of panels per group; plain if depthwise
	zeros           []float32 // instead of a bias
}

// NewConvF32 plans the convolution of x [C,H,W] (C = cin) with weight
// [O,C/Groups,KernelH,KernelW] (O = cout), O,I,H,W order. The weight is packed,
// so it may change afterwards. It panics if the weight has another size.
func NewConvF32(p Conv2dParams, cin, h, w, cout int, weight []float32) *ConvF32 {
	oh, ow := p.OutSize(h, w)
	f := inputFrame(p, h, w, true)
	c := &ConvF32{groups: p.Groups, cin: cin / p.Groups, cout: cout / p.Groups, strideH: p.StrideH / f.skipH}
	c.plan(p, f, oh, ow)
	c.Repack(weight)
	LargePages(c.packed)
	return c
}

// NewConvDataGrad plans the gradient of a convolution with respect to its
// input: its Run takes the output gradient dy [O,OH,OW] for x and writes dx
// [C,H,W]. The arguments are those of the convolution's NewConvF32; the
// gradient is a convolution too, of stride 1 over the output gradient with
// StrideH-1 and StrideW-1 zeros between its pixels, with the kernel rotated and
// the channels exchanged.
func NewConvDataGrad(p Conv2dParams, cin, h, w, cout int, weight []float32) *ConvF32 {
	c := &ConvF32{groups: p.Groups, cin: cout / p.Groups, cout: cin / p.Groups, strideH: 1, transposed: true}
	c.plan(p, gradFrame(p, h, w), h, w)
	c.Repack(weight)
	return c
}

// plan fills in what follows from the geometry: p gives the kernel, f the frame
// and oh by ow the positions.
func (c *ConvF32) plan(p Conv2dParams, f frame, oh, ow int) {
	c.frame, c.positions, c.outW = f, oh*ow, ow
	c.reachH = p.DilationH*(p.KernelH-1) + 1
	c.depth = c.cin * p.KernelH * p.KernelW
	taps := f.tapOffsets(p, c.cin)
	if k := p.KernelH * p.KernelW; c.transposed { // the kernel is rotated
		for ch := range c.cin {
			slices.Reverse(taps[ch*k : (ch+1)*k])
		}
	}
	c.taps = asm.NewTaps(taps)
	c.depthwise = c.groups > 1 && c.cin == 1 && c.cout == 1
	if c.depthwise {
		c.planDepthwise(p)
		return
	}
	c.gemm = asm.GemmF32For()
	c.tile()
	c.zeros = make([]float32, c.groups*c.cout)
	c.corners = cornerOffsets(oh, ow, c.strideH*f.fw, 1, c.posTiles()*c.posTile)
	c.packed = make([]float32, c.groups*c.packedSize(c.depth))
}

// packedSize is the number of elements of some depth of the weights of a group.
func (c *ConvF32) packedSize(depth int) int { return roundUp(c.cout, c.chPanel()) * depth }

// chPanel is the number of channels in a panel of the weights.
func (c *ConvF32) chPanel() int {
	if c.swapped {
		return c.gemm.NR
	}
	return c.gemm.MR
}

// tile sets the sizes of blocks and tiles.
func (c *ConvF32) tile() {
	taps := c.depth / c.cin
	c.block = taps * ceilDiv(c.cin, ceilDiv(c.depth, convDepth))
	if c.swapped = c.swapPays(); c.swapped {
		c.posTile = roundUp(c.positions, c.patches.Rows)
		c.chTile = roundUp(ceilDiv(c.cout, convTiles), c.gemm.NR)
		return
	}
	most := convPatches / c.block
	if c.block < c.depth {
		most = min(most, convSums/c.cout)
	}
	even := ceilDiv(c.positions, ceilDiv(c.positions, max(most, c.gemm.NR)))
	c.posTile = roundUp(even, c.gemm.NR)
	parts := ceilDiv(convTiles, c.posTiles())
	c.chTile = roundUp(ceilDiv(c.cout, parts), c.gemm.MR)
}

// Repack replaces the weights. It must not run at the same time as Run. It
// panics if weight does not have the size that the plan was made for.
func (c *ConvF32) Repack(weight []float32) {
	size := c.cout * c.depth // of one group
	if len(weight) != c.groups*size {
		panic(badWeight)
	}
	if c.depthwise {
		copy(c.packed, weight)
		return
	}
	for g := range c.groups {
		c.packGroup(c.panels(g), weight[g*size:][:size])
	}
}

// panels are the weights of a group.
func (c *ConvF32) panels(g int) []float32 {
	n := c.packedSize(c.depth)
	return c.packed[g*n:][:n]
}

// packGroup packs the weights of a group. Unless the sides are swapped, a block
// of the depth follows the other.
func (c *ConvF32) packGroup(dst, weight []float32) {
	block := c.block
	if c.swapped {
		block = c.depth
	}
	for l := 0; l < c.depth; l += block {
		k, panels := min(block, c.depth-l), dst[c.packedSize(l):]
		if c.transposed {
			taps := c.depth / c.cin
			packTransposed(c.chPanel(), panels, weight[l*c.cout:], c.cout, k/taps, taps)
		} else {
			packPanels(panels, weight[l:], c.depth, true, c.cout, k, c.chPanel())
		}
	}
}

// packTransposed is PackA of the n x (m·taps) matrix whose element (i, j*taps+t)
// is w[j][i][t], for w stored [m][n][taps].
func packTransposed(mr int, dst, w []float32, n, m, taps int) {
	for i := 0; i < n; i += mr {
		rows := min(mr, n-i)
		for j := range m {
			panel, src := dst[(i*m+j*mr)*taps:], w[(j*n+i)*taps:]
			if taps == 1 {
				copy(panel[:rows], src)
			} else {
				asm.TransposeF32(panel, mr, src, taps, rows, taps)
			}
		}
	}
}

// WeightBytes is the memory that the packed weights take.
func (c *ConvF32) WeightBytes() int64 { return 4 * int64(len(c.packed)) }

// Scratch is the number of float32 elements of scratch that Run needs.
func (c *ConvF32) Scratch() int {
	if c.depthwise {
		return c.depthwiseScratch()
	}
	n := 0
	if !c.frame.plain() {
		n = c.cin * c.frame.fh * c.frame.fw
	}
	if c.swapped {
		return n + 2*c.posTile*c.gemm.NR
	}
	return n + c.block*c.posTile + c.sumTiles()*c.gemm.MR*c.gemm.NR
}

// sumTiles is the number of tiles of sums that wait for the next block of the
// depth, or one if there is none.
func (c *ConvF32) sumTiles() int {
	if c.block == c.depth {
		return 1
	}
	return ceilDiv(c.cout, c.gemm.MR) * (c.posTile / c.gemm.NR)
}

// posTiles and chTiles count the tiles of one group along each side.
func (c *ConvF32) posTiles() int { return (c.positions + c.posTile - 1) / c.posTile }
func (c *ConvF32) chTiles() int  { return (c.cout + c.chTile - 1) / c.chTile }

// Tiles is the number of independent parts of the output of one image. It
// depends on the geometry and the level only.
func (c *ConvF32) Tiles() int {
	if c.depthwise {
		return c.groups
	}
	return c.groups * c.posTiles() * c.chTiles()
}

// Run computes the given tiles of the output of one image; the rest of dst is
// left alone. bias [O] and residual [O,OH,OW] may be nil; dst may be residual.
// It allocates nothing. It panics if slices are too short.
func (c *ConvF32) Run(dst, x, bias, residual []float32, act Clamp, tiles Range, scratch []float32) {
	r := convRun{dst, x, bias, residual, act, scratch}
	if c.depthwise {
		c.runDepthwise(&r, tiles)
		return
	}
	if bias == nil {
		r.bias = c.zeros
	}
	n := c.posTiles() * c.chTiles()
	for t := tiles.Lo; t < tiles.Hi; {
		g := t / n
		end := min(g*n+n, tiles.Hi)
		if own := (Range{t - g*n, end - g*n}); c.swapped {
			c.runSwapped(&r, g, own)
		} else {
			c.runGroup(&r, g, own)
		}
		t = end
	}
}

// convRun holds the arguments of one Run.
type convRun struct {
	dst, x, bias, residual []float32
	act                    Clamp
	scratch                []float32
}

// finish writes sums to places [lo, hi) of dst, which are in channel o.
func (r *convRun) finish(acc []float32, o, lo, hi int) {
	var residual []float32
	if r.residual != nil {
		residual = r.residual[lo:hi]
	}
	asm.FinishF32(r.dst[lo:hi], acc[:hi-lo], r.biasOf(o), residual, r.act.Lo, r.act.Hi)
}

// biasOf is the bias of channel o.
func (r *convRun) biasOf(o int) float32 {
	if r.bias == nil {
		return 0
	}
	return r.bias[o]
}

// image is the frame of group g, filled where the given positions look.
func (c *ConvF32) image(x []float32, g int, pos Range, scratch []float32) []float32 {
	f := &c.frame
	x = x[g*c.cin*f.h*f.w:][:c.cin*f.h*f.w]
	if f.plain() {
		return x
	}
	img, _ := cut(scratch, c.cin*f.fh*f.fw)
	lo := pos.Lo / c.outW * c.strideH
	hi := (pos.Hi-1)/c.outW*c.strideH + c.reachH
	f.fill(img, x, c.cin, lo, hi)
	return img
}
