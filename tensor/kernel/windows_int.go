package kernel

import "slices"

// windowsU8 are the windows of a pooling of one image of codes [H,W,C], planned
// as runs of windows that are alike. A run is a tile.
type windowsU8 struct {
	c     int
	kinds []windowU8
	runs  []runU8
}

// windowU8 are windows of one size that count as n pixels.
type windowU8 struct {
	h, w, n int
	taps    []int32 // offsets of the pixels
}

// runU8 are consecutive outputs whose windows are of one kind and a step apart.
type runU8 struct {
	kind       int
	out, count int
	at, step   int // offsets of the windows
}

// longestRun bounds the scratch of a run.
const longestRun = 64

// add plans output o over the window r of an image of width w, as part of the
// last run if it can be.
func (p *windowsU8) add(o int, r rect, n, w int) {
	kind, at := p.kind(r, n, w), (r.top*w+r.left)*p.c
	if len(p.runs) > 0 {
		last := &p.runs[len(p.runs)-1]
		end := last.at + (last.count-1)*last.step
		if last.kind == kind && last.count < longestRun && (last.count == 1 && at >= end || at == end+last.step) {
			last.step = at - end
			last.count++
			return
		}
	}
	p.runs = append(p.runs, runU8{kind: kind, out: o, count: 1, at: at})
}

// kind is the index of the windows like r that count as n pixels.
func (p *windowsU8) kind(r rect, n, w int) int {
	k := windowU8{h: r.bottom - r.top, w: r.right - r.left, n: n}
	if i := slices.IndexFunc(p.kinds, func(o windowU8) bool { return o.h == k.h && o.w == k.w && o.n == n }); i >= 0 {
		return i
	}
	for i := range k.h {
		for j := range k.w {
			k.taps = append(k.taps, int32((i*w+j)*p.c))
		}
	}
	p.kinds = append(p.kinds, k)
	return len(p.kinds) - 1
}

// Tiles is the number of independent parts of the output of one image.
func (p *windowsU8) Tiles() int { return len(p.runs) }
