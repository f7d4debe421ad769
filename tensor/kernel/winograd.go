package kernel

import "mixq/asm"

// Blocks of a Winograd convolution. The transformed windows of a block take
// about winogradBlock elements, half of the second-level cache of a server, or
// twice that if that is all of them; the products of about winogradChannels
// channels share it with them.
const (
	winogradBlock    = 1 << 18
	winogradChannels = 32
)

// winogradSkew is added to the distance of the 36 matrices, in elements, to
// keep them from falling on the same lines of the first-level cache.
const winogradSkew = 16

// WinogradF32 is a planned 3x3 convolution of stride 1 without groups or
// dilation, computed with Winograd's F(4x4,3x3): Lavin and Gray, Fast
// Algorithms for Convolutional Neural Networks (2016). The output is cut into
// tiles of 4 x 4,
//
//	y = Aᵀ·[sum over c of (G·w[c]·Gᵀ) ⊙ (Bᵀ·d[c]·B)]·A
//
// where d is the 6 x 6 window under a tile and ⊙ multiplies by elements. That
// is 36 products of matrices [tiles x channels] and [channels x outputs], with a
// quarter of the multiplications of ConvF32. The transforms round too, so the
// result is less accurate, by about a decimal digit.
//
// A WinogradF32 is safe for concurrent use.
type WinogradF32 struct {
	frame     frame
	cin, cout int
	oh, ow    int
	th, tw    int // tiles along the sides of the output
	rows      int // of tiles, in a block
	chunk     int // channels of the output that are computed at once
	corners   []int32
	gemm      asm.GemmF32
	packed    []float32 // weights: 36 matrices in panels
}

// WinogradFits reports whether a WinogradF32 can compute the convolution.
func WinogradFits(p Conv2dParams) bool {
	return p.KernelH == 3 && p.KernelW == 3 && p.StrideH == 1 && p.StrideW == 1 &&
		p.DilationH == 1 && p.DilationW == 1 && p.Groups == 1
}

// WinogradPays reports whether a WinogradF32 fits and is likely to be faster
// than a ConvF32 of the same arguments. The rule looks at the sizes and the
// level only.
func WinogradPays(p Conv2dParams, cin, h, w, cout int) bool {
	if !WinogradFits(p) {
		return false
	}
	// What the work costs, in multiplications of the micro-kernel: to transform
	// an element of the 36 matrices, and to fetch a weight, which is used for few
	// tiles, from memory. That loses the more the faster the kernel is.
	c := planWinograd(p, cin, h, w, cout)
	const transform = 10
	fetch := 0.75 * float64(c.gemm.NR)
	tiles, blocks := float64(c.blocks()*c.blockTiles()), float64(c.blocks())
	inputs, outputs := float64(cin), float64(roundUp(cout, c.gemm.NR))
	direct := 9 * inputs * float64(roundUp(cout, c.gemm.MR)) * float64(c.oh*c.ow)
	winograd := 36 * (inputs*outputs*(tiles+fetch*blocks) + transform*tiles*(inputs+outputs))
	return winograd < 0.75*direct
}

// NewWinogradF32 plans the convolution of x [C,H,W] (C = cin) with weight
// [O,C,3,3] (O = cout). The weight is transformed and packed, so it may change
// afterwards. It panics if WinogradFits does not hold or the weight has another
// size.
func NewWinogradF32(p Conv2dParams, cin, h, w, cout int, weight []float32) *WinogradF32 {
	switch {
	case !WinogradFits(p):
		panic(badWinograd)
	case len(weight) != 9*cin*cout:
		panic(badWeight)
	}
	c := planWinograd(p, cin, h, w, cout)
	c.corners = cornerOffsets(c.th, c.tw, 4*c.frame.fw, 4, c.th*c.tw+asm.WinogradTiles)
	c.pack(weight)
	LargePages(c.packed)
	return c
}

const badWinograd = "kernel: winograd: not a 3x3 convolution of stride 1 without groups"

// planWinograd is a plan without weights.
func planWinograd(p Conv2dParams, cin, h, w, cout int) *WinogradF32 {
	oh, ow := p.OutSize(h, w)
	c := &WinogradF32{cin: cin, cout: cout, oh: oh, ow: ow, th: ceilDiv(oh, 4), tw: ceilDiv(ow, 4), gemm: asm.GemmF32For()}
	c.frame = frame{h: h, w: w, top: p.PadTop, left: p.PadLeft, stepH: 1, skipH: 1, fh: 4*c.th + 2}
	c.frame.spread(1, 1, 4*c.tw+2)
	c.rows = max(winogradBlock/(36*cin*c.tw), 1)
	if c.th <= 2*c.rows {
		c.rows = c.th
	}
	c.rows = ceilDiv(c.th, c.blocks()) // even blocks
	c.chunk = roundUp(winogradChannels, c.gemm.NR)
	return c
}

// pack transforms the weights in float64 and rounds them once. The panels of a
// chunk follow each other from matrix to matrix, in the order of their use.
func (c *WinogradF32) pack(weight []float32) {
	size := c.chunk*c.cin + winogradSkew
	u := make([]float32, 36*size)
	c.packed = make([]float32, 36*PackBSize(c.gemm, c.cin, c.cout))
	for ch := 0; ch < c.cout; ch += c.chunk {
		m := min(c.chunk, c.cout-ch)
		for i := range m * c.cin {
			for p, v := range winogradWeight(weight[9*(ch*c.cin+i):][:9]) {
				u[p*size+i] = v
			}
		}
		for p := range 36 {
			PackB(c.gemm, c.panels(ch, m, p), u[p*size:], c.cin, true, c.cin, m)
		}
	}
}

// panels are the weights of matrix p for the m channels of a chunk from ch on.
func (c *WinogradF32) panels(ch, m, p int) []float32 {
	size := PackBSize(c.gemm, c.cin, m)
	return c.packed[36*ch*c.cin+p*size:][:size]
}

// winogradG is G, as in section 4.3 of the paper.
var winogradG = [6][3]float64{
	{1. / 4, 0, 0},
	{-1. / 6, -1. / 6, -1. / 6},
	{-1. / 6, 1. / 6, -1. / 6},
	{1. / 24, 1. / 12, 1. / 6},
	{1. / 24, -1. / 12, 1. / 6},
	{0, 0, 1},
}

// winogradWeight is G·w·Gᵀ of a 3 x 3 kernel w.
func winogradWeight(w []float32) (u [36]float32) {
	for i, g := range winogradG {
		var row [3]float64
		for j := range row {
			row[j] = float64(g[0]*float64(w[j])) + float64(g[1]*float64(w[3+j])) + float64(g[2]*float64(w[6+j]))
		}
		for j, g := range winogradG {
			u[6*i+j] = float32(float64(row[0]*g[0]) + float64(row[1]*g[1]) + float64(row[2]*g[2]))
		}
	}
	return u
}

// blocks and chunks count the parts of the output along its rows and channels.
func (c *WinogradF32) blocks() int { return ceilDiv(c.th, c.rows) }
func (c *WinogradF32) chunks() int { return ceilDiv(c.cout, c.chunk) }

// blockTiles is the number of tiles of a block, the last group filled up.
func (c *WinogradF32) blockTiles() int { return roundUp(c.rows*c.tw, asm.WinogradTiles) }

// windowSize and productSize are the distances of the 36 matrices of transformed
// windows and of products.
func (c *WinogradF32) windowSize() int  { return c.blockTiles()*c.cin + winogradSkew }
func (c *WinogradF32) productSize() int { return c.blockTiles()*c.chunk + winogradSkew }

// planeSize is the number of elements of a channel of a block of the output.
func (c *WinogradF32) planeSize() int { return 16 * c.rows * c.tw }

// WeightBytes is the memory that the packed weights take.
func (c *WinogradF32) WeightBytes() int64 { return 4 * int64(len(c.packed)) }

// Scratch is the number of float32 elements of scratch that Run needs.
func (c *WinogradF32) Scratch() int {
	n := 36*(c.windowSize()+c.productSize()) + c.chunk*c.planeSize()
	if !c.frame.plain() {
		n += c.cin * c.frame.fh * c.frame.fw
	}
	return n
}

// Tiles is the number of independent parts of the output of one image. It
// depends on the geometry and the level only.
func (c *WinogradF32) Tiles() int { return c.blocks() * c.chunks() }

// Run computes the given tiles of the output of one image,
//
//	y = clamp(convolution + bias[o] + residual[o,i,j])
//
// and leaves the rest of dst alone. bias [O] and residual [O,OH,OW] may be nil;
// dst may be residual. It allocates nothing. It panics if slices are too short.
func (c *WinogradF32) Run(dst, x, bias, residual []float32, act Clamp, tiles Range, scratch []float32) {
	r := convRun{dst, x, bias, residual, act, scratch}
	n := c.chunks()
	for t := tiles.Lo; t < tiles.Hi; {
		block := t / n
		end := min((block+1)*n, tiles.Hi)
		c.runBlock(&r, block, Range{t - block*n, end - block*n})
		t = end
	}
}

// runBlock computes some chunks of channels of a block, which share the
// transformed windows.
func (c *WinogradF32) runBlock(r *convRun, block int, chunks Range) {
	windows, scratch := cut(r.scratch, 36*c.windowSize())
	products, scratch := cut(scratch, 36*c.productSize())
	planes, scratch := cut(scratch, c.chunk*c.planeSize())
	rows := Range{block * c.rows, min((block+1)*c.rows, c.th)}
	n := roundUp((rows.Hi-rows.Lo)*c.tw, asm.WinogradTiles)
	c.transform(windows, c.image(r.x, rows, scratch), rows.Lo*c.tw, n)
	for i := chunks.Lo; i < chunks.Hi; i++ {
		ch := i * c.chunk
		m := min(c.chunk, c.cout-ch)
		c.multiply(products, windows, n, ch, m)
		c.untransform(planes, products, n, rows.Hi-rows.Lo, m)
		for j := range m {
			c.finish(r, planes[j*c.planeSize():], ch+j, rows)
		}
	}
}

// image is the frame, filled where the windows of some rows of tiles look.
func (c *WinogradF32) image(x []float32, rows Range, scratch []float32) []float32 {
	if c.frame.plain() {
		return x
	}
	img, _ := cut(scratch, c.cin*c.frame.fh*c.frame.fw)
	c.frame.fill(img, x, c.cin, 4*rows.Lo, 4*rows.Hi+2)
	return img
}

// transform sets windows to those of n tiles from the given one on. Those that
// fill up the last group are of other tiles and are not used.
func (c *WinogradF32) transform(windows, img []float32, tile, n int) {
	f := &c.frame
	for i := 0; i < n; i += asm.WinogradTiles {
		corners := (*[asm.WinogradTiles]int32)(c.corners[tile+i:])
		asm.WinogradInputF32(windows[i*c.cin:], c.windowSize(), c.gemm.MR, img, f.fh*f.fw, f.fw, corners, c.cin)
	}
}

// multiply sets products to what n windows give for the m channels from ch on:
// for every NR channels a matrix of n rows.
func (c *WinogradF32) multiply(products, windows []float32, n, ch, m int) {
	mr, nr := c.gemm.MR, c.gemm.NR
	for p := range 36 {
		y := products[p*c.productSize():]
		a, b := windows[p*c.windowSize():], c.panels(ch, m, p)
		next := c.packed[36*ch*c.cin+(p+1)*len(b):] // weights, fetched a share at a time
		for i := 0; i < n; i += mr {
			share := min(ceilDiv(len(b)*mr, n), len(next))
			asm.FetchF32(next[:share])
			next = next[share:]
			for j := 0; j < m; j += nr {
				c.product(y[j*n+i*nr:][:mr*nr], a[i*c.cin:], b[j*c.cin:])
			}
		}
	}
}

// product sets a tile to the product of two panels.
func (c *WinogradF32) product(y, a, b []float32) {
	for l := 0; l < c.cin; l += gemmKC {
		k := min(gemmKC, c.cin-l)
		c.gemm.Tile(y, a[l*c.gemm.MR:][:k*c.gemm.MR], b[l*c.gemm.NR:][:k*c.gemm.NR], k, l == 0, asm.EndF32{})
	}
}

// untransform sets planes to the output of m channels in some rows of tiles,
// given the products of n windows.
func (c *WinogradF32) untransform(planes, products []float32, n, rows, m int) {
	width, nr := 4*c.tw, c.gemm.NR
	for ch := 0; ch < m; ch += 8 {
		matrix := products[ch/nr*nr*n+ch%nr:]
		for i := range rows {
			asm.WinogradOutputF32(planes[ch*c.planeSize()+4*i*width:], c.planeSize(), width,
				matrix[i*c.tw*nr:], c.productSize(), nr, c.tw)
		}
	}
}

// finish writes the part of a plane that is in the output to channel o of dst.
func (c *WinogradF32) finish(r *convRun, plane []float32, o int, tiles Range) {
	width := 4 * c.tw
	lo, hi := 4*tiles.Lo, min(4*tiles.Hi, c.oh)
	at := (o*c.oh + lo) * c.ow
	if width == c.ow {
		r.finish(plane, o, at, at+(hi-lo)*c.ow)
		return
	}
	for i := range hi - lo {
		r.finish(plane[i*width:], o, at+i*c.ow, at+(i+1)*c.ow)
	}
}
