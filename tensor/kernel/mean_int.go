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
	windowsU8
	in, out Grid
	means   []meanU8 // by kind of window
}

// meanU8 is the mean of a window in meanBlock channels: of weights of one, then
// requantized.
type meanU8 struct {
	codes *asm.DepthwiseU8 // of all channels, instead of the others, if the level has a kernel
	ones  []int16
	bias  [meanBlock]int32
	mult  [meanBlock]float32
}

// meanBlock is the number of channels that are averaged at once.
const meanBlock = 16

// meanTaps is the most pixels of a window for which asm.DepthwiseU8 pays, whose
// weights are as many as the codes of a window: those of a large one are used
// for few outputs.
const meanTaps = 25

// NewAvgPoolU8 plans average pooling of x; n is that of AvgPool, and padding is
// real 0, that is in.Zero.
func NewAvgPoolU8(p Pool2dParams, c, h, w int, in, out Grid) *MeanU8 {
	m := &MeanU8{windowsU8: windowsU8{c: c}, in: in, out: out}
	newPooling(p, h, w).each(func(o int, r rect, n int) { m.add(o, r, n, w) })
	m.plan()
	return m
}

// NewAdaptiveAvgPoolU8 plans the same over the windows of AdaptiveAvgPool.
func NewAdaptiveAvgPoolU8(c, h, w, oh, ow int, in, out Grid) *MeanU8 {
	m := &MeanU8{windowsU8: windowsU8{c: c}, in: in, out: out}
	eachAdaptive(h, w, oh, ow, func(o int, r rect) { m.add(o, r, r.area(), w) })
	m.plan()
	return m
}

// plan makes the means of the windows.
func (m *MeanU8) plan() {
	m.means = make([]meanU8, len(m.kinds))
	for i, k := range m.kinds {
		mean, taps := &m.means[i], len(k.taps)
		mult := float32(float64(m.in.Scale) / (float64(m.out.Scale) * float64(k.n)))
		bias := -m.in.Zero * int32(taps)
		if taps <= meanTaps && asm.DepthwiseU8Pays() {
			mean.codes = m.depthwise(k.taps, bias, mult)
			continue
		}
		mean.ones = make([]int16, asm.DWConvU8Packed(taps, meanBlock))
		asm.PackDWConvU8(mean.ones, slices.Repeat([]int16{1}, taps*meanBlock), taps, meanBlock)
		for c := range meanBlock {
			mean.bias[c], mean.mult[c] = bias, mult
		}
	}
}

// depthwise plans the mean of a window in all channels.
func (m *MeanU8) depthwise(taps []int32, bias int32, mult float32) *asm.DepthwiseU8 {
	d := &asm.DepthwiseU8{Channels: m.c, Taps: taps, Hi: float32(m.out.Max), Zero: float32(m.out.Zero)}
	d.Pack(slices.Repeat([]int16{1}, len(taps)*m.c), make([]int32, m.c), slices.Repeat([]int32{bias}, m.c), slices.Repeat([]float32{mult}, m.c))
	return d
}

// Scratch is the number of sums that a Run needs.
func (m *MeanU8) Scratch() int { return longestRun * meanBlock }

// Run computes the given tiles of dst [OH,OW,C]. It allocates nothing.
func (m *MeanU8) Run(dst, x []uint8, tiles Range, sums []int32) {
	for _, r := range m.runs[tiles.Lo:tiles.Hi] {
		if d := m.means[r.kind].codes; d != nil {
			d.Run(dst[r.out*m.c:], x[min(r.at, len(x)):], r.count, r.step)
			continue
		}
		for c := 0; c < m.c; c += meanBlock {
			m.block(dst, x, r, c, min(meanBlock, m.c-c), sums)
		}
	}
}

// block computes channels [c, c+n) of a run.
func (m *MeanU8) block(dst, x []uint8, r runU8, c, n int, sums []int32) {
	taps, mean := m.kinds[r.kind].taps, &m.means[r.kind]
	x = x[min(r.at+c, len(x)):]
	if n == meanBlock {
		asm.DWConvU8(sums, x, taps, mean.ones, r.count, r.step, meanBlock)
	} else {
		sumTaps(sums, x, taps, r, n)
	}
	q := asm.Requant{Dst: dst[r.out*m.c+c:], DstStride: m.c, Acc: sums, AccStride: meanBlock, Rows: r.count, Cols: n,
		Bias: mean.bias[:], Mult: mean.mult[:], Hi: float32(m.out.Max), Zero: float32(m.out.Zero)}
	q.Run()
}

// sumTaps adds up n channels, fewer than a block.
func sumTaps(sums []int32, x []uint8, taps []int32, r runU8, n int) {
	for i := range r.count {
		s := sums[i*meanBlock:][:n]
		clear(s)
		for _, at := range taps {
			asm.AddU8(s, x[i*r.step+int(at):][:n])
		}
	}
}
