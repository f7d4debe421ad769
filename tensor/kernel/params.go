// Package kernel computes whole operators on plain slices: it is the layer
// between the micro-kernels of package asm and the containers of package
// tensor.
//
// Every function is serial, deterministic and free of allocation unless its
// comment says otherwise. Work is split by the caller, who passes the Range of
// outputs to compute and the scratch memory to use; a reduction is never split.
// Bad arguments are bugs of the caller and panic. The generic Go code here and
// in asm is the definition of every integer operation: all levels of package
// isa give the same bits.
package kernel

// Range is the half-open interval [Lo, Hi) of output tiles, rows or elements
// (each function says which) that a call computes.
type Range struct{ Lo, Hi int }

// Conv2dParams is the geometry of a two-dimensional convolution. Padding is
// explicit on each side, so that SAME padding with its extra row and column at
// the end is the same case as symmetric padding.
type Conv2dParams struct {
	KernelH   int `json:"kernel_h"`
	KernelW   int `json:"kernel_w"`
	StrideH   int `json:"stride_h"`
	StrideW   int `json:"stride_w"`
	DilationH int `json:"dilation_h"`
	DilationW int `json:"dilation_w"`
	PadTop    int `json:"pad_top,omitempty"`
	PadLeft   int `json:"pad_left,omitempty"`
	PadBottom int `json:"pad_bottom,omitempty"`
	PadRight  int `json:"pad_right,omitempty"`
	Groups    int `json:"groups"`
}

// OutSize is the number of output rows and columns for an h by w input; a
// kernel that does not fit gives a size of zero or less.
func (p Conv2dParams) OutSize(h, w int) (oh, ow int) {
	oh = floorDiv(h+p.PadTop+p.PadBottom-p.DilationH*(p.KernelH-1)-1, p.StrideH) + 1
	ow = floorDiv(w+p.PadLeft+p.PadRight-p.DilationW*(p.KernelW-1)-1, p.StrideW) + 1
	return oh, ow
}

// Pool2dParams is the geometry of a two-dimensional pooling window.
type Pool2dParams struct {
	KernelH         int  `json:"kernel_h"`
	KernelW         int  `json:"kernel_w"`
	StrideH         int  `json:"stride_h"`
	StrideW         int  `json:"stride_w"`
	PadTop          int  `json:"pad_top,omitempty"`
	PadLeft         int  `json:"pad_left,omitempty"`
	PadBottom       int  `json:"pad_bottom,omitempty"`
	PadRight        int  `json:"pad_right,omitempty"`
	CountIncludePad bool `json:"count_include_pad,omitempty"` // average pooling divides by the whole window
	CeilMode        bool `json:"ceil_mode,omitempty"`         // a last window that starts inside the input or left padding counts
}

// OutSize is the number of output rows and columns for an h by w input.
func (p Pool2dParams) OutSize(h, w int) (oh, ow int) {
	return poolOut(h, p.KernelH, p.StrideH, p.PadTop, p.PadBottom, p.CeilMode),
		poolOut(w, p.KernelW, p.StrideW, p.PadLeft, p.PadRight, p.CeilMode)
}

// poolOut follows PyTorch: in ceil mode a window may hang over the end, but
// must not start in the padding behind it.
func poolOut(n, k, s, lo, hi int, ceil bool) int {
	span := n + lo + hi - k
	if !ceil {
		return floorDiv(span, s) + 1
	}
	o := floorDiv(span+s-1, s) + 1
	if (o-1)*s >= n+lo {
		o--
	}
	return o
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && a < 0 {
		q--
	}
	return q
}

// AdaptiveWindow is the window [lo, hi) of the input that output o of out
// covers in adaptive pooling over n inputs (PyTorch's definition).
func AdaptiveWindow(o, out, n int) (lo, hi int) {
	return o * n / out, ((o+1)*n + out - 1) / out
}

// Clamp holds the bounds of a fused activation, infinite where there is none.
type Clamp struct{ Lo, Hi float32 }
