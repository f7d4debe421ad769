package kernel

import (
	"bytes"

	"mixq/asm"
)

// Tiles of integer convolutions: so many output positions that their patches
// take a part of the second-level cache, and a multiple of every MR. Where that
// makes few tiles, the channels are divided as well. No bit of the result
// depends on them.
const (
	convU8Positions = 96
	convU8Bytes     = 192 << 10
	convU8Tiles     = 8
)

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
	out          stage
}

// NewConvU8 plans a convolution of x [H,W,C] (C = cin) with cout output
// channels; l.Weight is [O,C/Groups,KernelH,KernelW]. It packs the weights for
// the current level. The error is an OverflowError or a ScaleError.
func NewConvU8(p Conv2dParams, cin, h, w, cout int, l LayerU8) (*ConvU8, error) {
	c := &ConvU8{p: p, cin: cin, h: h, w: w, cout: cout, cg: cin / p.Groups, og: cout / p.Groups}
	c.oh, c.ow = p.OutSize(h, w)
	c.pad = bytes.Repeat([]byte{uint8(l.X.Zero)}, p.KernelW*c.cg)
	var wzero []int32
	if c.cg == 1 && c.og == 1 && p.Groups > 1 {
		c.depthwise = c.newDepthwise(&l)
	} else {
		w := l.weights()
		c.pack(w)
		wzero = w.zero
	}
	var err error
	c.out, err = newStage(&l, wzero)
	return c, err
}

// pack puts the weights of a patch into the order of its bytes, kernel row,
// kernel column, channel, and packs them group by group.
func (c *ConvU8) pack(w weightsU8) {
	taps := c.p.KernelH * c.p.KernelW
	k := taps * c.cg
	gemm := asm.GemmU8For(w.bits)
	row := make([]int8, c.og*k)
	for g := range c.p.Groups {
		src := w.codes[g*c.og*k:][:c.og*k]
		for o := range c.og {
			for ch := range c.cg {
				for t := range taps {
					row[(o*taps+t)*c.cg+ch] = src[(o*c.cg+ch)*taps+t]
				}
			}
		}
		c.groups = append(c.groups, newPanelsU8(gemm, row, c.og, k))
	}
	c.divide()
}

// divide chooses the tiles.
func (c *ConvU8) divide() {
	p := &c.groups[0]
	fit := convU8Bytes / p.lda() / p.MR * p.MR
	c.tile = max(p.MR, min(fit, convU8Positions))
	c.split = 1
	if len(c.groups) == 1 {
		panels := (c.og + p.NR - 1) / p.NR
		c.split = max(1, min(convU8Tiles/c.posTiles(), panels))
	}
}

func (c *ConvU8) posTiles() int { return (c.oh*c.ow + c.tile - 1) / c.tile }

// Tiles is the number of independent parts of the output of one image.
func (c *ConvU8) Tiles() int {
	if d := c.depthwise; d != nil {
		return (c.oh + d.rows - 1) / d.rows
	}
	return c.posTiles() * c.split
}

// Scratch is the scratch that a Run needs.
func (c *ConvU8) Scratch() (codes, sums int) {
	if c.depthwise != nil {
		return c.depthwise.scratch(c.ow)
	}
	g := &c.groups[0]
	return g.rows(c.tile) * g.lda(), g.sums(c.tile) + c.tile
}

// Run computes the given tiles of dst [OH,OW,O]; residual [OH,OW,O] is nil
// unless the layer has one, and may be dst. It allocates nothing.
func (c *ConvU8) Run(dst, x, residual []uint8, tiles Range, codes []uint8, sums []int32) {
	c.each(x, tiles, codes, sums, func(pos Range, first, cols int, acc []int32, stride int, sums []int32) {
		at := pos.Lo*c.cout + first
		var r []uint8
		if residual != nil {
			r = residual[at:]
		}
		c.out.codes(dst[at:], c.cout, acc, stride, pos.Hi-pos.Lo, cols, first, sums, r)
	})
}

// RunReal is Run for a layer with real outputs, dst [O,OH,OW].
func (c *ConvU8) RunReal(dst []float32, x []uint8, tiles Range, codes []uint8, sums []int32) {
	c.each(x, tiles, codes, sums, func(pos Range, first, cols int, acc []int32, stride int, sums []int32) {
		plane := c.oh * c.ow
		c.out.reals(dst[first*plane+pos.Lo:], 1, plane, acc, stride, pos.Hi-pos.Lo, cols, first, sums)
	})
}

// each computes the sums of tiles and hands them to finish in blocks: those of
// cols channels from first on at some positions, rows of the given stride, and
// the sums of the activations at each position.
func (c *ConvU8) each(x []uint8, tiles Range, codes []uint8, sums []int32,
	finish func(pos Range, first, cols int, acc []int32, stride int, sums []int32)) {
	if c.depthwise != nil {
		c.eachDepthwise(x, tiles, codes, sums, finish)
		return
	}
	for t := tiles.Lo; t < tiles.Hi; {
		p := t / c.split
		end := min((p+1)*c.split, tiles.Hi)
		pos := Range{p * c.tile, min((p+1)*c.tile, c.oh*c.ow)}
		for g := range c.groups {
			c.eachPanel(x, g, pos, c.channels(t-p*c.split, end-p*c.split), codes, sums, finish)
		}
		t = end
	}
}

// channels are the output channels of a group in parts [lo, hi) of split.
func (c *ConvU8) channels(lo, hi int) Range {
	nr := c.groups[0].NR
	panels := (c.og + nr - 1) / nr
	return Range{lo * panels / c.split * nr, min(hi*panels/c.split*nr, c.og)}
}

// eachPanel is each for some positions and some channels of group g, panel by
// panel.
func (c *ConvU8) eachPanel(x []uint8, g int, pos, channels Range, codes []uint8, sums []int32,
	finish func(pos Range, first, cols int, acc []int32, stride int, sums []int32)) {
	p := &c.groups[g]
	n := pos.Hi - pos.Lo
	acc, patchSums := sums[:p.sums(n)], sums[p.sums(n):]
	a, lda := c.patches(codes, x, g, pos)
	if c.out.wzero != nil {
		asm.SumRowsU8(patchSums[:n], a, lda, p.k)
	}
	for j := channels.Lo; j < channels.Hi; j += p.Panels * p.NR {
		p.multiply(acc, a, lda, n, j, channels.Hi)
		for q := j; q < min(j+p.Panels*p.NR, channels.Hi); q += p.NR {
			finish(pos, g*c.og+q, min(p.NR, channels.Hi-q), acc[(q-j)*p.rows(n):], p.NR, patchSums)
		}
	}
}
