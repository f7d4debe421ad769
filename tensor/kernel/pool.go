package kernel

import (
	"math"

	"mixq/asm"
)

// window gives the part [lo, hi) of n inputs under output o of a pooling
// window, and size, the divisor of an average that counts padding: PyTorch lets
// it reach into the padding but not past it.
func window(o, k, stride, padLo, padHi, n int) (lo, hi, size int) {
	lo = o*stride - padLo
	hi = min(lo+k, n+padHi)
	return max(lo, 0), min(hi, n), hi - lo
}

// pooling walks the windows of pooling over planes of h by w pixels.
type pooling struct {
	p      Pool2dParams
	h, w   int
	oh, ow int
}

func newPooling(p Pool2dParams, h, w int) pooling {
	oh, ow := p.OutSize(h, w)
	return pooling{p, h, w, oh, ow}
}

// each calls f with every output of one plane, its window and the divisor of
// its average.
func (s pooling) each(f func(o int, r rect, divisor int)) {
	for i := range s.oh {
		top, bottom, sh := window(i, s.p.KernelH, s.p.StrideH, s.p.PadTop, s.p.PadBottom, s.h)
		for j := range s.ow {
			left, right, sw := window(j, s.p.KernelW, s.p.StrideW, s.p.PadLeft, s.p.PadRight, s.w)
			r := rect{top, bottom, left, right}
			d := r.area()
			if s.p.CountIncludePad {
				d = sh * sw
			}
			f(i*s.ow+j, r, d)
		}
	}
}

// rect is a window of a plane.
type rect struct{ top, bottom, left, right int }

func (r rect) area() int { return (r.bottom - r.top) * (r.right - r.left) }

// sum adds the pixels under the window of a plane of width w: row by row, or in
// the chains of MomentsF32 where the window has whole rows.
func (r rect) sum(plane []float32, w int) float32 {
	var s float32
	if r.left == 0 && r.right == w {
		rows := plane[r.top*w : r.bottom*w]
		s, _ = asm.MomentsF32(rows, rows, 0)
		return s
	}
	for i := r.top; i < r.bottom; i++ {
		for _, v := range plane[i*w+r.left : i*w+r.right] {
			s += v
		}
	}
	return s
}

// add adds v to the pixels under the window.
func (r rect) add(plane []float32, w int, v float32) {
	for i := r.top; i < r.bottom; i++ {
		row := plane[i*w+r.left : i*w+r.right]
		for j := range row {
			row[j] += v
		}
	}
}

// argmax is the first pixel under the window that holds its largest value; a
// NaN is larger than any number, as in PyTorch.
func (r rect) argmax(plane []float32, w int) int {
	at, best := r.top*w+r.left, float32(math.Inf(-1))
	for i := r.top; i < r.bottom; i++ {
		for j := r.left; j < r.right; j++ {
			if v := plane[i*w+j]; v > best || v != v {
				at, best = i*w+j, v
			}
		}
	}
	return at
}

// MaxPool takes the largest value of each window that is not padding. planes
// are the planes (n·C + c) of x [N,C,H,W] to compute; dst is [N,C,OH,OW].
func MaxPool(dst, x []float32, p Pool2dParams, h, w int, planes Range) {
	s := newPooling(p, h, w)
	for c := planes.Lo; c < planes.Hi; c++ {
		out, in := dst[c*s.oh*s.ow:], x[c*h*w:][:h*w]
		s.each(func(o int, r rect, _ int) { out[o] = in[r.argmax(in, w)] })
	}
}

// MaxPoolBackward sets dx to the gradient of MaxPool: each dy goes to the first
// of the largest values of its window.
func MaxPoolBackward(dx, dy, x []float32, p Pool2dParams, h, w int, planes Range) {
	s := newPooling(p, h, w)
	for c := planes.Lo; c < planes.Hi; c++ {
		grad, in, out := dx[c*h*w:][:h*w], x[c*h*w:][:h*w], dy[c*s.oh*s.ow:]
		clear(grad)
		s.each(func(o int, r rect, _ int) { grad[r.argmax(in, w)] += out[o] })
	}
}

// AvgPool takes the mean of each window, over the pixels inside the image or,
// with CountIncludePad, over the window with its zeros. planes are the planes
// (n·C + c) of x [N,C,H,W] to compute; dst is [N,C,OH,OW].
func AvgPool(dst, x []float32, p Pool2dParams, h, w int, planes Range) {
	s := newPooling(p, h, w)
	for c := planes.Lo; c < planes.Hi; c++ {
		out, in := dst[c*s.oh*s.ow:], x[c*h*w:][:h*w]
		s.each(func(o int, r rect, d int) { out[o] = r.sum(in, w) / float32(d) })
	}
}

// AvgPoolBackward sets dx to the gradient of AvgPool.
func AvgPoolBackward(dx, dy []float32, p Pool2dParams, h, w int, planes Range) {
	s := newPooling(p, h, w)
	for c := planes.Lo; c < planes.Hi; c++ {
		grad, out := dx[c*h*w:][:h*w], dy[c*s.oh*s.ow:]
		clear(grad)
		s.each(func(o int, r rect, d int) { r.add(grad, w, out[o]/float32(d)) })
	}
}

// AdaptiveAvgPool takes means over oh by ow windows that cover the plane (see
// AdaptiveWindow); 1 by 1 is global average pooling. planes are the planes
// (n·C + c) of x [N,C,H,W] to compute; dst is [N,C,oh,ow].
func AdaptiveAvgPool(dst, x []float32, h, w, oh, ow int, planes Range) {
	for c := planes.Lo; c < planes.Hi; c++ {
		out, in := dst[c*oh*ow:], x[c*h*w:][:h*w]
		eachAdaptive(h, w, oh, ow, func(o int, r rect) { out[o] = r.sum(in, w) / float32(r.area()) })
	}
}

// AdaptiveAvgPoolBackward sets dx to the gradient of AdaptiveAvgPool.
func AdaptiveAvgPoolBackward(dx, dy []float32, h, w, oh, ow int, planes Range) {
	for c := planes.Lo; c < planes.Hi; c++ {
		grad, out := dx[c*h*w:][:h*w], dy[c*oh*ow:]
		clear(grad)
		eachAdaptive(h, w, oh, ow, func(o int, r rect) { r.add(grad, w, out[o]/float32(r.area())) })
	}
}

// eachAdaptive calls f with every output of adaptive pooling and its window.
func eachAdaptive(h, w, oh, ow int, f func(o int, r rect)) {
	for i := range oh {
		top, bottom := AdaptiveWindow(i, oh, h)
		for j := range ow {
			left, right := AdaptiveWindow(j, ow, w)
			f(i*ow+j, rect{top, bottom, left, right})
		}
	}
}
