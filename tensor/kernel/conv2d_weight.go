package kernel

import "mixq/asm"

// Blocks of a weight gradient: positions and patch elements whose panels are
// multiplied at a time.
const (
	weightPositions = 256
	weightTaps      = 512
)

// ConvWeightGrad is the planned gradient of a convolution with respect to its
// weight, dW = dY·patchesᵀ. The frame is transposed to H,W,C order once an
// image, so that patch elements which lie side by side in a panel also lie side
// by side in memory. It is immutable.
type ConvWeightGrad struct {
	frame     frame
	groups    int
	cin, cout int // of one group
	kernel    int // taps of one channel
	positions int
	outW      int
	strideH   int     // in rows of the frame
	taps      []int32 // patch element in kh,kw,c order -> offset in the frame; padded to whole panels
	corners   []int32 // position -> offset in the frame; not if depthwise
	gemm      asm.GemmF32
}

// NewConvWeightGrad plans the weight gradient of the convolution that
// NewConvF32 plans for the same arguments.
func NewConvWeightGrad(p Conv2dParams, cin, h, w, cout int) *ConvWeightGrad {
	oh, ow := p.OutSize(h, w)
	c := &ConvWeightGrad{groups: p.Groups, cin: cin / p.Groups, cout: cout / p.Groups,
		kernel: p.KernelH * p.KernelW, positions: oh * ow, outW: ow}
	c.frame = inputFrame(p, h, w, c.depthwise())
	c.strideH = p.StrideH / c.frame.skipH
	if c.depthwise() {
		c.taps = c.frame.tapOffsets(p, 1)
		return c
	}
	c.gemm = asm.GemmF32For()
	row := c.frame.fw * c.cin
	c.corners = cornerOffsets(oh, ow, c.strideH*row, p.StrideW*c.cin, oh*ow)
	for i := range p.KernelH {
		for j := range p.KernelW {
			for ch := range c.cin {
				c.taps = append(c.taps, int32(i*p.DilationH*row+j*p.DilationW*c.cin+ch))
			}
		}
	}
	for len(c.taps)%c.gemm.NR != 0 {
		c.taps = append(c.taps, c.taps[len(c.taps)-1])
	}
	return c
}

// Scratch is the number of float32 elements of scratch that Run needs.
func (c *ConvWeightGrad) Scratch() int {
	n := c.cin * c.frame.fh * c.frame.fw
	if c.depthwise() {
		return n
	}
	m := roundUp(c.cout, c.gemm.MR)
	return n + (m+roundUp(weightTaps, c.gemm.NR))*weightPositions + m*len(c.taps)
}

func (c *ConvWeightGrad) depthwise() bool { return c.groups > 1 && c.cin == 1 && c.cout == 1 }

// Run adds to dw [O,C/Groups,KernelH,KernelW] the gradient from images [lo, hi)
// of x [N,C,H,W] and dy [N,O,OH,OW]. The sum over these images is one chain per
// weight. It allocates nothing.
func (c *ConvWeightGrad) Run(dw, dy, x []float32, images Range, scratch []float32) {
	for g := range c.groups {
		if c.depthwise() {
			c.runDepthwise(dw, dy, x, images, g, scratch)
		} else {
			c.runGroup(dw, dy, x, images, g, scratch)
		}
	}
}

// planes cuts group g of an image out of a batch whose groups have size
// elements each.
func (c *ConvWeightGrad) planes(x []float32, image, g, size int) []float32 {
	return x[(image*c.groups+g)*size:][:size]
}

func (c *ConvWeightGrad) runGroup(dw, dy, x []float32, images Range, g int, scratch []float32) {
	m, n := roundUp(c.cout, c.gemm.MR), len(c.taps)
	img, scratch := cut(scratch, c.cin*c.frame.fh*c.frame.fw)
	a, scratch := cut(scratch, m*weightPositions)
	b, scratch := cut(scratch, roundUp(weightTaps, c.gemm.NR)*weightPositions)
	acc, _ := cut(scratch, m*n)
	clear(acc)
	for i := images.Lo; i < images.Hi; i++ {
		c.frame.fillTransposed(img, c.planes(x, i, g, c.cin*c.frame.h*c.frame.w), c.cin)
		grad := c.planes(dy, i, g, c.cout*c.positions)
		for p := 0; p < c.positions; p += weightPositions {
			k := min(weightPositions, c.positions-p)
			PackA(c.gemm, a, grad[p:], c.positions, false, c.cout, k, 1)
			c.addProduct(acc, a, b, img, p, k)
		}
	}
	c.addTo(dw[g*c.cout*c.cin*c.kernel:], acc)
}

// addProduct adds to acc the product of the packed gradient at positions p to
// p+k and the patches there.
func (c *ConvWeightGrad) addProduct(acc, a, b, img []float32, p, k int) {
	n, nr := len(c.taps), c.gemm.NR
	for lo := 0; lo < n; {
		hi := min(lo+roundUp(weightTaps, nr), n)
		for j := lo; j < hi; j += nr {
			gather(b[(j-lo)*k:], img, c.corners[p:p+k], c.taps[j:j+nr])
		}
		GemmPacked(c.gemm, acc[lo:], n, a, k, b, k, roundUp(c.cout, c.gemm.MR), hi-lo, k, nil)
		lo = hi
	}
}

// addTo adds acc, whose rows are in kh,kw,c order, to dw in c,kh,kw order.
func (c *ConvWeightGrad) addTo(dw, acc []float32) {
	for o := range c.cout {
		row := acc[o*len(c.taps):]
		if d := dw[o*c.cin:]; c.kernel == 1 {
			Add(d[:c.cin], d[:c.cin], row[:c.cin], unbounded)
			continue
		}
		for ch := range c.cin {
			d := dw[(o*c.cin+ch)*c.kernel:][:c.kernel]
			for t := range d {
				d[t] += row[t*c.cin+ch]
			}
		}
	}
}

// fillTransposed writes the frames of c channels of x in H,W,C order. The
// frame must be that of an input.
func (f *frame) fillTransposed(dst, x []float32, c int) {
	clear(dst[:f.fh*f.fw*c])
	w := min(f.w, f.fw-f.left)
	for i := ceilDiv(f.top, f.skipH); i < min(f.fh, ceilDiv(f.h+f.top, f.skipH)); i++ {
		row := dst[(i*f.fw+f.left)*c:][:w*c]
		asm.TransposeF32(row, c, x[(i*f.skipH-f.top)*f.w:], f.h*f.w, c, w)
	}
}

// runDepthwise adds the gradient of the taps of channel g: dot products of the
// gradient's rows with those of the frame.
func (c *ConvWeightGrad) runDepthwise(dw, dy, x []float32, images Range, g int, scratch []float32) {
	f := &c.frame
	for i := images.Lo; i < images.Hi; i++ {
		img := c.planes(x, i, g, f.h*f.w)
		if !f.plain() {
			src := img
			img, _ = cut(scratch, f.fh*f.fw)
			f.fill(img, src, 1, 0, f.fh)
		}
		grad := c.planes(dy, i, g, c.positions)
		for t, tap := range c.taps {
			line := img[tap:]
			var sum float32
			for p := 0; p < c.positions; p += c.outW {
				_, dot := asm.MomentsF32(grad[p:][:c.outW], line[p/c.outW*c.strideH*f.fw:][:c.outW], 0)
				sum += dot
			}
			dw[g*c.kernel+t] += sum
		}
	}
}

// BiasGrad sets db of channels [lo, hi) to the sum of dy [n,C,hw], where C =
// len(db), over images and positions.
func BiasGrad(db, dy []float32, n, hw int, channels Range) {
	for c := channels.Lo; c < channels.Hi; c++ {
		s, _ := channelMoments(dy, dy, 0, n, hw, len(db), c)
		db[c] = float32(s)
	}
}
