package onnx

import (
	"fmt"
	"slices"

	"mixq/nn"
	"mixq/tensor/kernel"
)

// pooling is the geometry of a pooling layer.
func (n *node) pooling(in []*value) (p kernel.Pool2dParams, err error) {
	w, err := n.window(in[0].dims, 0, 0)
	if err != nil {
		return p, err
	}
	if w.DilationH != 1 || w.DilationW != 1 {
		return p, UnsupportedError("dilation")
	}
	return kernel.Pool2dParams{KernelH: w.KernelH, KernelW: w.KernelW, StrideH: w.StrideH, StrideW: w.StrideW,
		PadTop: w.PadTop, PadLeft: w.PadLeft, PadBottom: w.PadBottom, PadRight: w.PadRight,
		CeilMode: n.int("ceil_mode", 0) != 0}, nil
}

func importMaxPool(im *importer, n *node, in []*value) ([]*value, error) {
	if len(n.out) > 1 && im.used[n.out[1]] {
		return nil, UnsupportedError("the places of the maxima")
	}
	p, err := n.pooling(in)
	if err != nil {
		return nil, err
	}
	x, err := im.tensor(in[0], n.name)
	if err != nil {
		return nil, err
	}
	return im.result(n.name, &nn.MaxPool{Pool2dParams: p}, x)
}

func importAveragePool(im *importer, n *node, in []*value) ([]*value, error) {
	p, err := n.pooling(in)
	if err != nil {
		return nil, err
	}
	p.CountIncludePad = n.int("count_include_pad", 0) != 0
	x, err := im.tensor(in[0], n.name)
	if err != nil {
		return nil, err
	}
	return im.result(n.name, &nn.AvgPool{Pool2dParams: p}, x)
}

func importGlobalAveragePool(im *importer, n *node, in []*value) ([]*value, error) {
	if len(in[0].dims) != 4 {
		return nil, UnsupportedError(fmt.Sprintf("an input of shape %v, want N,C,H,W", in[0].dims))
	}
	x, err := im.tensor(in[0], n.name)
	if err != nil {
		return nil, err
	}
	return im.result(n.name, &nn.GlobalAvgPool{}, x)
}

// importReduceMean knows means over rows and columns.
func importReduceMean(im *importer, n *node, in []*value) ([]*value, error) {
	dims := in[0].dims
	list, err := n.numbers("axes", in, 1)
	if err != nil {
		return nil, err
	}
	set, err := axes(list, len(dims))
	if err != nil {
		return nil, err
	}
	if !slices.Equal(set, []bool{false, false, true, true}) {
		return nil, UnsupportedError(fmt.Sprintf("axes %v of shape %v, want rows and columns of N,C,H,W", list, dims))
	}
	out, err := importGlobalAveragePool(im, n, in)
	if err == nil && n.int("keepdims", 1) == 0 {
		out[0].dims = dims[:2]
	}
	return out, err
}

func importSoftmax(im *importer, n *node, in []*value) ([]*value, error) {
	def := int64(-1)
	if im.opset < 13 {
		def = 1
	}
	ax, err := axis(n.int("axis", def), len(in[0].dims))
	if err != nil {
		return nil, err
	}
	if len(in[0].dims) != 2 || ax != 1 {
		return nil, UnsupportedError(fmt.Sprintf("along dimension %d of shape %v, want classes of N,C", ax, in[0].dims))
	}
	x, err := im.tensor(in[0], n.name)
	if err != nil {
		return nil, err
	}
	return im.result(n.name, &nn.Softmax{}, x)
}
