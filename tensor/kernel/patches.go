package kernel

import "mixq/asm"

// frame is the region of the plane that a convolution reads: the input with its
// padding, cropped where no kernel tap looks, without the rows that a stride
// skips, and with its pixels moved apart where the convolution is the gradient
// of a strided one. Under a horizontal stride the columns are sorted by their
// remainder, so that neighbouring outputs read neighbouring pixels.
//
// In a frame every tap of every output position has an address
//
//	taps[tap] + corners[position]
//
// so im2col is a gather over two tables, one for each side of the patch matrix.
type frame struct {
	h, w      int     // the input
	top, left int     // row and column of its first pixel; negative: cropped
	stepH     int     // distance between its neighbouring rows
	skipH     int     // of its rows, every how many is in the frame; 1 unless stepH is
	fh, fw    int     // the frame
	phases    int     // remainders that the columns are sorted by
	place     []int32 // input column -> place in a row, -1 if cropped; nil: left, left+1, ...
}

// plain reports whether the frame is the input itself.
func (f *frame) plain() bool {
	return f.h == f.fh && f.w == f.fw && f.top == 0 && f.left == 0 && f.place == nil
}

// column is the place in a row of column q.
func (f *frame) column(q int) int { return q%f.phases*(f.fw/f.phases) + q/f.phases }

// spread lays the columns of the input stepW apart and sorts the columns of the
// frame, of which there are n.
func (f *frame) spread(stepW, phases, n int) {
	f.phases, f.fw = phases, roundUp(n, phases)
	if phases == 1 && stepW == 1 && f.left >= 0 {
		return
	}
	f.place = make([]int32, f.w)
	for j := range f.place {
		f.place[j] = -1
		if q := f.left + j*stepW; q >= 0 && q < n {
			f.place[j] = int32(f.column(q))
		}
	}
}

// fill copies rows [lo, hi) of the frames of c channels from x; the other rows
// of dst keep what they hold.
func (f *frame) fill(dst, x []float32, c, lo, hi int) {
	for ch := range c {
		plane := dst[ch*f.fh*f.fw:][:f.fh*f.fw]
		clear(plane[lo*f.fw : hi*f.fw])
		f.fillPlane(plane, x[ch*f.h*f.w:][:f.h*f.w], lo, hi)
	}
}

// fillPlane copies what rows [lo, hi) of a frame hold of the plane x; the zeros
// around and between its pixels must be there.
func (f *frame) fillPlane(dst, x []float32, lo, hi int) {
	// Row i of the frame is row j of x where i*skipH = top + j*stepH.
	j := max(0, ceilDiv(lo*f.skipH-f.top, f.stepH))
	j += (f.skipH - (f.top+j)%f.skipH) % f.skipH
	i := (f.top + j*f.stepH) / f.skipH
	if rows := min(ceilDiv(f.h-j, f.skipH), ceilDiv(hi-i, f.stepH)); rows > 0 {
		f.fillRows(dst[i*f.fw:], x[j*f.w:], rows)
	}
}

// fillRows places rows of x, the first at the start of dst.
func (f *frame) fillRows(dst, src []float32, rows int) {
	to, from := f.stepH*f.fw, f.skipH*f.w
	switch n := min(f.w, f.fw-f.left); {
	case f.place == nil:
		asm.CopyRowsF32(dst[f.left:], to, src, from, rows, n)
		return
	case f.phases == 2:
		asm.SplitRowsF32(dst[f.column(f.left):], dst[f.column(f.left+1):], to, src, from, rows, n)
		return
	}
	for i := range rows {
		row := dst[i*to:][:f.fw]
		for j, v := range src[i*from:][:f.w] {
			if q := f.place[j]; q >= 0 {
				row[q] = v
			}
		}
	}
}

// inputFrame is the frame of a convolution with geometry p over an h by w
// input, with the columns sorted or in their order.
func inputFrame(p Conv2dParams, h, w int, sorted bool) frame {
	oh, ow := p.OutSize(h, w)
	f := frame{h: h, w: w, top: p.PadTop, left: p.PadLeft, stepH: 1, skipH: 1,
		fh: (oh-1)*p.StrideH + p.DilationH*(p.KernelH-1) + 1}
	if p.KernelH == 1 {
		f.skipH, f.fh = p.StrideH, oh
	}
	n := (ow-1)*p.StrideW + p.DilationW*(p.KernelW-1) + 1
	phases := 1
	if sorted {
		phases = p.StrideW
	}
	if phases == 1 && f.skipH == 1 && f.top == 0 && f.left == 0 && f.fh <= h && n <= w {
		f.fh, n = h, w // nothing to add: read the input itself
	}
	f.spread(1, phases, n)
	return f
}

// gradFrame is the frame over the output gradient from which a convolution of
// stride 1 with the rotated kernel computes the gradient of the h by w input.
// Input row i receives dy[o]·weight[k] where o·stride + k·dilation - pad = i;
// with rotated taps k' = K-1-k that is row i + k'·dilation of the frame.
func gradFrame(p Conv2dParams, h, w int) frame {
	oh, ow := p.OutSize(h, w)
	eh, ew := p.DilationH*(p.KernelH-1), p.DilationW*(p.KernelW-1)
	f := frame{h: oh, w: ow, top: eh - p.PadTop, left: ew - p.PadLeft, stepH: p.StrideH, skipH: 1, fh: h + eh}
	f.spread(p.StrideW, 1, w+ew)
	return f
}

// tapOffsets lists the addresses of the taps of c channels relative to a corner
// in c,kh,kw order.
func (f *frame) tapOffsets(p Conv2dParams, c int) []int32 {
	offs := make([]int32, 0, c*p.KernelH*p.KernelW)
	for ch := range c {
		for i := range p.KernelH {
			for j := range p.KernelW {
				offs = append(offs, int32((ch*f.fh+i*p.DilationH)*f.fw+f.column(j*p.DilationW)))
			}
		}
	}
	return offs
}

// cornerOffsets lists the addresses of the first taps of oh by ow positions,
// which are down and right apart; the last is repeated until there are n.
func cornerOffsets(oh, ow, down, right, n int) []int32 {
	offs := make([]int32, n)
	for i := range offs {
		pos := min(i, oh*ow-1)
		offs[i] = int32(pos/ow*down + pos%ow*right)
	}
	return offs
}

// gather fills a GEMM panel: dst[l*len(cols)+j] = src[rows[l]+cols[j]]. Stretches
// of consecutive columns, which stride 1 makes long, move as blocks.
func gather(dst, src []float32, rows, cols []int32) {
	n := len(cols)
	for j := 0; j < n; {
		run := 1
		for j+run < n && cols[j+run] == cols[j]+int32(run) {
			run++
		}
		if run >= 2 {
			asm.GatherF32(dst[j:], n, src[cols[j]:], rows, run)
		} else {
			run = min(8, n-j)
			gatherColumns(dst[j:], src, rows, cols[j:j+run], n)
		}
		j += run
	}
}

// gatherColumns fills a few columns of a panel of n, element by element.
func gatherColumns(dst, src []float32, rows, cols []int32, n int) {
	for l, r := range rows {
		d, s := dst[n*l:][:len(cols)], src[r:]
		for j, c := range cols {
			d[j] = s[c]
		}
	}
}

// Im2col writes one row per listed output position (oh*OW+ow) of a convolution
// over x [C,H,W] (C = cin), real values or codes: the input patch it sees in
// group's channels, in c,kh,kw order, pad where it is padding. dst has len(pos)
// rows of cin/Groups·KernelH·KernelW.
func Im2col[T float32 | uint8](dst, x []T, pad T, p Conv2dParams, cin, h, w, group int, pos []int32) {
	cg := cin / p.Groups
	_, ow := p.OutSize(h, w)
	x = x[group*cg*h*w:][:cg*h*w]
	d := 0
	for _, q := range pos {
		top, left := int(q)/ow*p.StrideH-p.PadTop, int(q)%ow*p.StrideW-p.PadLeft
		for c := range cg {
			for i := range p.KernelH {
				d += patchRow(dst[d:], x[c*h*w:][:h*w], pad, top+i*p.DilationH, left, h, w, p)
			}
		}
	}
}

// patchRow writes the taps of one kernel row and returns how many they are.
func patchRow[T float32 | uint8](dst, plane []T, pad T, y, left, h, w int, p Conv2dParams) int {
	dst = dst[:p.KernelW]
	if y < 0 || y >= h {
		for j := range dst {
			dst[j] = pad
		}
		return p.KernelW
	}
	row := plane[y*w:][:w]
	for j := range dst {
		dst[j] = pad
		if q := left + j*p.DilationW; q >= 0 && q < w {
			dst[j] = row[q]
		}
	}
	return p.KernelW
}

func ceilDiv(a, b int) int { return -floorDiv(-a, b) }
