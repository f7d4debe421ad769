package kernel

import (
	"bytes"

	"mixq/asm"
)

// depthwiseU8 are the weights of a depthwise convolution and the frame that it
// reads: the part of the padded input under a tile of output rows, its channels
// filled up as the kernel wants.
type depthwiseU8 struct {
	rows     int // output rows of a tile
	fh, fw   int // of the frame
	channels int
	pad      []uint8 // a pixel of padding
	taps     []int32 // offsets in the frame

	packed []int16
	codes  *asm.DepthwiseU8 // instead of packed if outputs are codes and the level has a kernel
}

// depthwiseRows is the number of output rows of a tile: neighbouring rows read
// the same rows of the input.
const depthwiseRows = 4

// planDepthwise plans a depthwise convolution.
func (c *ConvU8) planDepthwise(l *LayerU8, w *weightsU8) error {
	w.zero = nil
	c.depthwise = c.newDepthwise(l)
	diff := c.depthwise.weights(l, w)
	var err error
	if c.out, err = newStage(l, w); err == nil {
		c.depthwise.pack(diff, l.WZero, &c.out)
	}
	return err
}

// newDepthwise plans the geometry.
func (c *ConvU8) newDepthwise(l *LayerU8) *depthwiseU8 {
	p := &c.p
	d := &depthwiseU8{rows: min(depthwiseRows, c.oh), channels: roundUp(c.cout, 16)}
	if l.Y != nil && l.R == nil && asm.DepthwiseU8Pays() && p.KernelH*p.KernelW <= asm.MaxDepthwiseTaps {
		d.channels, d.codes = c.cout, &asm.DepthwiseU8{Channels: c.cout}
	}
	d.fh = (d.rows-1)*p.StrideH + (p.KernelH-1)*p.DilationH + 1
	d.fw = (c.ow-1)*p.StrideW + (p.KernelW-1)*p.DilationW + 1
	d.pad = bytes.Repeat([]byte{uint8(l.X.Zero)}, d.channels)
	for i := range p.KernelH {
		for j := range p.KernelW {
			d.taps = append(d.taps, int32((i*p.DilationH*d.fw+j*p.DilationW)*d.channels))
		}
	}
	return d
}

// weights are those of every tap and channel less their zero points. It notes
// the sums of the codes in w.
func (d *depthwiseU8) weights(l *LayerU8, w *weightsU8) []int16 {
	diff := make([]int16, len(d.taps)*d.channels)
	row, offset := make([]uint8, len(d.taps)), int32(l.Weight.bias())
	for ch, z := range l.WZero {
		l.Weight.row(row, ch)
		asm.SumRowsU8(w.sums[ch:ch+1], row, 0, len(row))
		for t, u := range row {
			diff[t*d.channels+ch] = int16(int32(u) - offset - z)
		}
	}
	return diff
}

// pack packs the weights for the output stage.
func (d *depthwiseU8) pack(w []int16, zero []int32, out *stage) {
	if k := d.codes; k != nil {
		k.Taps, k.Lo, k.Hi, k.Zero = d.taps, out.lo, out.hi, out.zero
		k.Pack(w, zero, out.bias, out.mult)
		return
	}
	d.packed = make([]int16, asm.DWConvU8Packed(len(d.taps), d.channels))
	asm.PackDWConvU8(d.packed, w, len(d.taps), d.channels)
}

// bytes is the memory that the packed weights take.
func (d *depthwiseU8) bytes() int64 {
	if d.codes != nil {
		return int64(d.codes.Bytes())
	}
	return 2 * int64(len(d.packed))
}

// scratch is what a run needs: the frame and the sums of one row.
func (d *depthwiseU8) scratch(ow int) (codes, sums int) {
	if d.codes == nil {
		sums = ow * d.channels
	}
	return d.fh * d.fw * d.channels, sums
}

// eachDepthwise is each for depthwise convolutions.
func (c *ConvU8) eachDepthwise(x []uint8, tiles Range, frame []uint8, sums []int32, finish finishU8) {
	d := c.depthwise
	c.eachRow(x, tiles, frame, func(row int, in []uint8) {
		asm.DWConvU8(sums, in, d.taps, d.packed, c.ow, c.p.StrideW*d.channels, d.channels)
		finish(Range{row * c.ow, (row + 1) * c.ow}, 0, c.cout, sums, d.channels, nil)
	})
}

// runDepthwise is ConvU8Run.Codes where the level has a kernel to codes.
func (c *ConvU8) runDepthwise(dst, x []uint8, tiles Range, frame []uint8) {
	c.eachRow(x, tiles, frame, func(row int, in []uint8) {
		c.depthwise.codes.Run(dst[row*c.ow*c.cout:], in, c.ow, c.p.StrideW*c.cout)
	})
}

// eachRow calls f with the output rows of tiles and what they read.
func (c *ConvU8) eachRow(x []uint8, tiles Range, frame []uint8, f func(row int, in []uint8)) {
	d := c.depthwise
	for t := tiles.Lo; t < tiles.Hi; t++ {
		lo, hi := t*d.rows, min((t+1)*d.rows, c.oh)
		c.fillFrame(frame, x, lo*c.p.StrideH-c.p.PadTop, (hi-lo-1)*c.p.StrideH+(c.p.KernelH-1)*c.p.DilationH+1)
		for row := lo; row < hi; row++ {
			f(row, frame[(row-lo)*c.p.StrideH*d.fw*d.channels:])
		}
	}
}

// fillFrame copies n rows of the padded input from row top on.
func (c *ConvU8) fillFrame(frame, x []uint8, top, n int) {
	d := c.depthwise
	left := min(c.p.PadLeft, d.fw)
	in := max(min(c.w, d.fw-left), 0)
	for i := range n {
		row := frame[i*d.fw*d.channels:][:d.fw*d.channels]
		y := top + i
		if y < 0 || y >= c.h {
			asm.CopyRowsU8(row, d.channels, d.pad, 0, d.fw, d.channels)
			continue
		}
		asm.CopyRowsU8(row, d.channels, d.pad, 0, left, d.channels)
		asm.CopyRowsU8(row[left*d.channels:], d.channels, x[y*c.w*c.cin:], c.cin, in, c.cin)
		asm.CopyRowsU8(row[(left+in)*d.channels:], d.channels, d.pad, 0, d.fw-left-in, d.channels)
	}
}
