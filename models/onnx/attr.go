package onnx

import (
	"fmt"

	"mixq/tensor/kernel"
)

// attr is the attribute of that name, or nil.
func (n *node) attr(name string) *attribute {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return &n.attrs[i]
		}
	}
	return nil
}

func (n *node) int(name string, def int64) int64 {
	if a := n.attr(name); a != nil {
		return a.i
	}
	return def
}

func (n *node) float(name string, def float32) float32 {
	if a := n.attr(name); a != nil {
		return a.f
	}
	return def
}

func (n *node) text(name, def string) string {
	if a := n.attr(name); a != nil {
		return a.s
	}
	return def
}

func (n *node) ints(name string) []int64 {
	if a := n.attr(name); a != nil {
		return a.ints
	}
	return nil
}

// numbers are the integers of an attribute, or of input i, as newer opsets have
// it; nil if neither is there.
func (n *node) numbers(name string, in []*value, i int) ([]int64, error) {
	if i < len(in) && in[i] != nil {
		if in[i].c == nil {
			return nil, UnsupportedError(name + " are computed by the network")
		}
		return in[i].c.ints()
	}
	return n.ints(name), nil
}

// axis turns a dimension that may count from the end into an index below rank.
func axis(a int64, rank int) (int, error) {
	if a < 0 {
		a += int64(rank)
	}
	if a < 0 || a >= int64(rank) {
		return 0, FormatError(fmt.Sprintf("axis %d of %d dimensions", a, rank))
	}
	return int(a), nil
}

// axes is a set of dimensions.
func axes(list []int64, rank int) ([]bool, error) {
	set := make([]bool, rank)
	for _, a := range list {
		i, err := axis(a, rank)
		if err != nil {
			return nil, err
		}
		set[i] = true
	}
	return set, nil
}

// pair is an attribute of two numbers, for rows and for columns.
func (n *node) pair(name string, def int) (h, w int, err error) {
	v := n.ints(name)
	switch {
	case v == nil:
		return def, def, nil
	case len(v) != 2:
		return 0, 0, UnsupportedError(fmt.Sprintf("%s has %d numbers; only two-dimensional layers are supported", name, len(v)))
	case v[0] < 0 || v[1] < 0 || max(v[0], v[1]) > maxSize:
		return 0, 0, FormatError(fmt.Sprintf("%s is %v", name, v))
	}
	return int(v[0]), int(v[1]), nil
}

// maxSize is far above any kernel, stride or padding.
const maxSize = 1 << 16

// window is the geometry of a convolution or pooling. dims is its input.
func (n *node) window(dims []int, kh, kw int) (p kernel.Conv2dParams, err error) {
	if len(dims) != 4 {
		return p, UnsupportedError(fmt.Sprintf("an input of shape %v; only two-dimensional layers are supported", dims))
	}
	if p.KernelH, p.KernelW, err = n.pair("kernel_shape", 0); err != nil {
		return p, err
	}
	if n.attr("kernel_shape") == nil {
		p.KernelH, p.KernelW = kh, kw
	}
	if p.StrideH, p.StrideW, err = n.pair("strides", 1); err != nil {
		return p, err
	}
	if p.DilationH, p.DilationW, err = n.pair("dilations", 1); err != nil {
		return p, err
	}
	if p.StrideH < 1 || p.StrideW < 1 || p.DilationH < 1 || p.DilationW < 1 {
		return p, FormatError("a stride or dilation of 0")
	}
	return p, n.pads(&p, dims)
}

// pads sets the padding of p.
func (n *node) pads(p *kernel.Conv2dParams, dims []int) error {
	switch mode := n.text("auto_pad", "NOTSET"); mode {
	case "NOTSET", "":
		v := n.ints("pads")
		if v == nil {
			return nil
		}
		if len(v) != 4 || min(v[0], v[1], v[2], v[3]) < 0 || max(v[0], v[1], v[2], v[3]) > maxSize {
			return UnsupportedError(fmt.Sprintf("pads %v, want four numbers that are not negative", v))
		}
		p.PadTop, p.PadLeft, p.PadBottom, p.PadRight = int(v[0]), int(v[1]), int(v[2]), int(v[3])
	case "VALID":
	case "SAME_UPPER", "SAME_LOWER":
		p.PadTop, p.PadBottom = samePad(dims[2], p.DilationH*(p.KernelH-1)+1, p.StrideH)
		p.PadLeft, p.PadRight = samePad(dims[3], p.DilationW*(p.KernelW-1)+1, p.StrideW)
		if mode == "SAME_LOWER" {
			p.PadTop, p.PadBottom, p.PadLeft, p.PadRight = p.PadBottom, p.PadTop, p.PadRight, p.PadLeft
		}
	default:
		return UnsupportedError("auto_pad " + mode)
	}
	return nil
}

// samePad splits the padding that makes ⌈n/stride⌉ outputs, the larger half last.
func samePad(n, k, stride int) (lo, hi int) {
	p := max(((n+stride-1)/stride-1)*stride+k-n, 0)
	return p / 2, p - p/2
}
