package kernel

import (
	"slices"

	"mixq/asm"
)

// MeanU8 is planned pooling by means of one image x [H,W,C] on the grid in, each
// rounded once to the grid out:
//
//	y = clamp(roundToEven(float32(sum of (x - in.Zero))·float32(in.Scale/(out.Scale·n))) + out.Zero)
//
// It computes the sums as a depthwise convolution with weights of one. It is
// immutable and safe for concurrent use.
type MeanU8 struct {
	c       int
	in, out Grid
	windows []windowU8
	runs    []runU8
}

// windowU8 are windows of one size that count as n pixels.
type windowU8 struct {
	h, w, n int
	taps    []int32 // offsets of the pixels
	ones    []int16 // packed weights
	bias    [meanBlock]int32
	mult    [meanBlock]float32
}

// runU8 are consecutive outputs whose windows are alike and a step apart.
type runU8 struct {
	window     int // of MeanU8.windows
	out, count int
	at, step   int // offsets of the windows
}

const (
	meanBlock = 16 // channels that are averaged at once
	meanTile  = 64 // channels of a tile: a line of the cache
	meanRun   = 64 // outputs of a run
)

// NewAvgPoolU8 plans average pooling of x; n is that of AvgPool, and padding is
// real 0, that is in.Zero.
func NewAvgPoolU8(p Pool2dParams, c, h, w int, in, out Grid) *MeanU8 {
	m := &MeanU8{c: c, in: in, out: out}
	newPooling(p, h, w).each(func(o int, r rect, n int) { m.add(o, r, n, w) })
	return m
}

// NewAdaptiveAvgPoolU8 plans the same over the windows of AdaptiveAvgPool.
func NewAdaptiveAvgPoolU8(c, h, w, oh, ow int, in, out Grid) *MeanU8 {
	m := &MeanU8{c: c, in: in, out: out}
	eachAdaptive(h, w, oh, ow, func(o int, r rect) { m.add(o, r, r.area(), w) })
	return m
}

// add plans output o over the window r of an image of width w, as part of the
// last run if it can be.
func (m *MeanU8) add(o int, r rect, n, w int) {
	window, at := m.window(r, n, w), (r.top*w+r.left)*m.c
	if len(m.runs) > 0 {
		last := &m.runs[len(m.runs)-1]
		end := last.at + (last.count-1)*last.step
		if last.window == window && last.count < meanRun && (last.count == 1 && at >= end || at == end+last.step) {
			last.step = at - end
			last.count++
			return
		}
	}
	m.runs = append(m.runs, runU8{window: window, out: o, count: 1, at: at})
}

// window is the index of the windows like r that count as n pixels.
func (m *MeanU8) window(r rect, n, w int) int {
	k := windowU8{h: r.bottom - r.top, w: r.right - r.left, n: n}
	if i := slices.IndexFunc(m.windows, func(o windowU8) bool { return o.h == k.h && o.w == k.w && o.n == n }); i >= 0 {
		return i
	}
	for i := range k.h {
		for j := range k.w {
			k.taps = append(k.taps, int32((i*w+j)*m.c))
		}
	}
	ones := slices.Repeat([]int16{1}, len(k.taps)*meanBlock)
	k.ones = make([]int16, asm.DWConvU8Packed(len(k.taps), meanBlock))
	asm.PackDWConvU8(k.ones, ones, len(k.taps), meanBlock)
	mult := float32(float64(m.in.Scale) / (float64(m.out.Scale) * float64(n)))
	for i := range meanBlock {
		k.bias[i], k.mult[i] = -m.in.Zero*int32(r.area()), mult
	}
	m.windows = append(m.windows, k)
	return len(m.windows) - 1
}

// Tiles is the number of independent parts of the output of one image.
func (m *MeanU8) Tiles() int { return (m.c + meanTile - 1) / meanTile }

// Scratch is the number of sums that a Run needs.
func (m *MeanU8) Scratch() int { return meanRun * meanBlock }

// Run computes the given tiles of dst [OH,OW,C]. It allocates nothing.
func (m *MeanU8) Run(dst, x []uint8, tiles Range, sums []int32) {
	for _, r := range m.runs {
		for c := tiles.Lo * meanTile; c < min(tiles.Hi*meanTile, m.c); c += meanBlock {
			m.block(dst, x, r, c, min(meanBlock, m.c-c), sums)
		}
	}
}

// block computes channels [c, c+n) of a run.
func (m *MeanU8) block(dst, x []uint8, r runU8, c, n int, sums []int32) {
	w := &m.windows[r.window]
	if n == meanBlock {
		asm.DWConvU8(sums, x[r.at+c:], w.taps, w.ones, r.count, r.step, meanBlock)
	} else {
		w.sum(sums, x[r.at+c:], r, n)
	}
	q := asm.Requant{Dst: dst[r.out*m.c+c:], DstStride: m.c, Acc: sums, AccStride: meanBlock, Rows: r.count, Cols: n,
		Bias: w.bias[:], Mult: w.mult[:], Hi: float32(m.out.Max), Zero: float32(m.out.Zero)}
	q.Run()
}

// sum adds up n channels, fewer than a block.
func (w *windowU8) sum(sums []int32, x []uint8, r runU8, n int) {
	for i := range r.count {
		s := sums[i*meanBlock:][:n]
		clear(s)
		for _, at := range w.taps {
			asm.AddU8(s, x[i*r.step+int(at):][:n])
		}
	}
}
