package kernel

import (
	"bytes"

	"mixq/asm"
)

// tileU8 bounds the tiles of integer convolutions: the output positions, and the
// bytes of their patches, which are to take a part of the second-level cache.
// Positions come in multiples of a unit and of MR. No bit of the result depends
// on any of them.
type tileU8 struct{ positions, bytes, unit int }

// Kernels of several panels are those of processors with megabytes of that cache,
// and so fast that the work around a tile counts.
var (
	tileOfOne  = tileU8{96, 288 << 10, 1}
	tileOfMany = tileU8{384, 768 << 10, 32}
)

// convU8Tiles is how many tiles there are to be at least, so that threads can
// share them: where positions make fewer, the channels are divided as well.
const convU8Tiles = 8

// ConvU8 is a planned integer convolution of one image, N,H,W,C codes in and
// codes or real values out (see LayerU8). Padding has the zero point of the
// input. It is immutable and safe for concurrent use.
type ConvU8 struct {
	p            Conv2dParams
	cin, h, w    int
	cout, oh, ow int
	pad          []uint8 // a kernel row of padding
	cg, og       int     // input and output channels of a group
	groups       []panelsU8
	depthwise    *depthwiseU8 // instead of groups
	tile         int          // output positions of a tile
	split        int          // parts of the channels that are tiles of their own
	ahead        bool         // all panels may be expanded before the first tile
	out          stage
}

// NewConvU8 plans a convolution of x [H,W,C] (C = cin) with cout output
// channels; l.Weight is [O,C/Groups,KernelH,KernelW]. It packs the weights for
// the current level. The error is an OverflowError or a ScaleError.
func NewConvU8(p Conv2dParams, cin, h, w, cout int, l LayerU8) (*ConvU8, error) {
	c := &ConvU8{p: p, cin: cin, h: h, w: w, cout: cout, cg: cin / p.Groups, og: cout / p.Groups}
	c.oh, c.ow = p.OutSize(h, w)
	c.pad = bytes.Repeat([]byte{uint8(l.X.Zero)}, p.KernelW*c.cg)
	weights := l.weights()
	if c.cg == 1 && c.og == 1 && p.Groups > 1 {
		return c, c.planDepthwise(&l, &weights)
	}
	c.pack(&weights)
	var err error
	c.out, err = newStage(&l, &weights)
	return c, err
}

// pack puts the weights of a patch into the order of its bytes, kernel row,
// kernel column, channel, and packs them group by group.
func (c *ConvU8) pack(w *weightsU8) {
	var order func(dst, row []uint8)
	if taps := c.p.KernelH * c.p.KernelW; taps > 1 {
		order = func(dst, row []uint8) { transposeCodes(dst, row, c.cg, taps) }
	}
	for g := range c.p.Groups {
		c.groups = append(c.groups, newPanelsU8(w, g*c.og, c.og, order))
	}
	c.divide()
}

// WeightBytes is the memory that the packed weights take.
func (c *ConvU8) WeightBytes() (n int64) {
	if c.depthwise != nil {
		return c.depthwise.bytes()
	}
	for i := range c.groups {
		n += int64(len(c.groups[i].packed))
	}
	return n
}

// divide chooses the tiles.
func (c *ConvU8) divide() {
	p := &c.groups[0]
	most := tileOfOne
	if p.Panels > 1 {
		most = tileOfMany
	}
	c.tile = most.divide(c.oh*c.ow, p.lda(), p.MR)
	c.split = 1
	if len(c.groups) == 1 {
		c.split = max(1, min(convU8Tiles/c.posTiles(), p.count(c.og)))
	}
	c.ahead = c.aheadBytes() <= convU8Ahead
}

// divide is the number of positions of a tile, where n positions with patches of
// lda bytes fall into tiles of about the same size.
func (t tileU8) divide(n, lda, mr int) int {
	unit := roundUp(t.unit, mr)
	most := max(unit, min(t.positions, t.bytes/lda)/unit*unit)
	return roundUp(ceilDiv(n, ceilDiv(n, most)), unit)
}

func (c *ConvU8) posTiles() int { return (c.oh*c.ow + c.tile - 1) / c.tile }

// Tiles is the number of independent parts of the output of one image.
func (c *ConvU8) Tiles() int {
	if d := c.depthwise; d != nil {
		return (c.oh + d.rows - 1) / d.rows
	}
	return c.posTiles() * c.split
}

// Scratch is the scratch that a ConvU8Run needs.
func (c *ConvU8) Scratch() (codes, sums int) {
	if c.depthwise != nil {
		return c.depthwise.scratch(c.ow)
	}
	g := &c.groups[0]
	expanded := g.expandBytes()
	if c.ahead {
		expanded = c.aheadBytes()
	}
	return g.rows(c.tile)*g.lda() + expanded, g.sums(c.tile) + c.tile
}

// ConvU8Run computes some tiles of the outputs of one image after another. It
// allocates nothing and is for one goroutine.
type ConvU8Run struct {
	c        *ConvU8
	tiles    Range
	codes    []uint8 // patches or the frame
	sums     []int32
	expanded expandedU8
}

// Begin prepares to compute the given tiles of so many images in scratch memory,
// which belongs to the run as long as it is used.
func (c *ConvU8) Begin(tiles Range, images int, codes []uint8, sums []int32) ConvU8Run {
	r := ConvU8Run{c: c, tiles: tiles, codes: codes, sums: sums}
	if c.depthwise == nil {
		p := &c.groups[0]
		n := p.rows(c.tile) * p.lda()
		r.codes, r.expanded = codes[:n], c.expand(codes[n:], tiles, images)
	}
	return r
}

// Codes computes the tiles of dst [OH,OW,O] for the image x; residual [OH,OW,O] is
// nil unless the layer has one, and may be dst.
func (r *ConvU8Run) Codes(dst, x, residual []uint8) {
	c := r.c
	if c.depthwise != nil && c.depthwise.codes != nil {
		c.runDepthwise(dst, x, r.tiles, r.codes)
		return
	}
	r.each(x, func(pos Range, first, cols int, acc []int32, stride int, sums []int32) {
		at := pos.Lo*c.cout + first
		var res []uint8
		if residual != nil {
			res = residual[at:]
		}
		c.out.codes(dst[at:], c.cout, acc, stride, pos.Hi-pos.Lo, cols, first, sums, res)
	})
}

// Reals is Codes for a layer with real outputs, dst [O,OH,OW].
func (r *ConvU8Run) Reals(dst []float32, x []uint8) {
	c := r.c
	r.each(x, func(pos Range, first, cols int, acc []int32, stride int, sums []int32) {
		plane := c.oh * c.ow
		c.out.reals(dst[first*plane+pos.Lo:], 1, plane, acc, stride, pos.Hi-pos.Lo, cols, first, sums)
	})
}

// finishU8 takes the sums of a block: those of cols channels from first on at some
// positions, rows of the given stride, and the sums of the activations at each
// position.
type finishU8 = func(pos Range, first, cols int, acc []int32, stride int, sums []int32)

// each computes the sums of the tiles and hands them to finish in blocks.
func (r *ConvU8Run) each(x []uint8, finish finishU8) {
	c := r.c
	if c.depthwise != nil {
		c.eachDepthwise(x, r.tiles, r.codes, r.sums, finish)
		return
	}
	for t := r.tiles.Lo; t < r.tiles.Hi; {
		p := t / c.split
		end := min((p+1)*c.split, r.tiles.Hi)
		pos := Range{p * c.tile, min((p+1)*c.tile, c.oh*c.ow)}
		for g := range c.groups {
			r.eachPanel(x, g, pos, c.channels(t-p*c.split, end-p*c.split), finish)
		}
		t = end
	}
}

// channels are the output channels of a group in parts [lo, hi) of split.
func (c *ConvU8) channels(lo, hi int) Range {
	p := &c.groups[0]
	panels := p.count(c.og)
	return Range{lo * panels / c.split * p.NR, min(hi*panels/c.split*p.NR, c.og)}
}

// eachPanel is each for some positions and some channels of group g, panel by
// panel.
func (r *ConvU8Run) eachPanel(x []uint8, g int, pos, channels Range, finish finishU8) {
	c := r.c
	p := &c.groups[g]
	n := pos.Hi - pos.Lo
	acc, patchSums := r.sums[:p.sums(n)], r.sums[p.sums(n):]
	a, lda := c.patches(r.codes, x, g, pos)
	if c.out.wzero != nil {
		asm.SumRowsU8(patchSums[:n], a, lda, p.k)
	}
	for j := channels.Lo; j < channels.Hi; j += p.Panels * p.NR {
		block := p.block(j, channels.Hi)
		p.multiply(acc, a, lda, n, r.expanded.panels(g, block), p.count(block.Hi-j))
		for q := j; q < block.Hi; q += p.NR {
			finish(pos, g*c.og+q, min(p.NR, channels.Hi-q), acc[(q-j)*p.rows(n):], p.NR, patchSums)
		}
	}
}
