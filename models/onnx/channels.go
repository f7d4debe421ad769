package onnx

import (
	"fmt"
	"slices"

	"mixq/nn"
)

// selected makes the layer that takes some of the channels of x, given by their
// places among them; a selection of all changes nothing.
func (im *importer) selected(x *value, name string, places []int) (*value, error) {
	if !slices.Equal(x.dims, x.v.Type.Shape) {
		return nil, UnsupportedError(fmt.Sprintf("a part of a view of shape %v of %v", x.dims, x.v.Type.Shape))
	}
	order, err := im.channels(x)
	if err != nil {
		return nil, err
	}
	chosen := make([]int, len(places))
	all := len(places) == len(order) && x.order == nil
	for i, k := range places {
		chosen[i] = int(order[k])
		all = all && k == i
	}
	if all {
		return x, nil
	}
	v, err := im.apply(name, &nn.Select{Channels: chosen}, x.v)
	if err != nil {
		return nil, err
	}
	return computed(v), nil
}

func importGather(im *importer, n *node, in []*value) ([]*value, error) {
	x := in[0]
	ax, err := axis(n.int("axis", 0), len(x.dims))
	if err != nil {
		return nil, err
	}
	if ax != 1 || in[1].c == nil || len(in[1].c.dims) != 1 || len(x.dims) < 2 {
		return nil, UnsupportedError("gathering what is not a constant list of channels")
	}
	places, err := indices(in[1].c, x.dims[1])
	if err != nil {
		return nil, err
	}
	y, err := im.selected(x, n.name, places)
	return []*value{y}, err
}

func importSlice(im *importer, n *node, in []*value) ([]*value, error) {
	x := in[0]
	parts, err := n.slicing(in, x.dims)
	if err != nil {
		return nil, err
	}
	if len(parts) == 4 && parts[2].step > 1 {
		return im.subsampled(n, x, parts)
	}
	for i, p := range parts {
		if i != 1 && p != (span{0, 1, x.dims[i]}) || p.n == 0 {
			return nil, UnsupportedError("slicing of other dimensions than the channels")
		}
	}
	if len(parts) < 2 {
		return nil, UnsupportedError("slicing of a list")
	}
	y, err := im.part(x, n.name, parts[1])
	return []*value{y}, err
}

// subsampled makes the layer that takes every k-th row and column.
func (im *importer) subsampled(n *node, x *value, parts []span) ([]*value, error) {
	k := parts[2].step
	for i, d := range x.dims {
		want := span{0, 1, d}
		if i > 1 {
			want = span{0, k, (d + k - 1) / k}
		}
		if parts[i] != want {
			return nil, UnsupportedError(fmt.Sprintf("slicing of %v other than to every %d-th row and column", x.dims, k))
		}
	}
	v, err := im.tensor(x, n.name)
	if err != nil {
		return nil, err
	}
	return im.result(n.name, &nn.Subsample{Stride: k}, v)
}

// part makes the layer that takes the channels of a span.
func (im *importer) part(x *value, name string, s span) (*value, error) {
	if err := im.spend(2 * s.n); err != nil {
		return nil, err
	}
	places := make([]int, s.n)
	for i := range places {
		places[i] = s.first + i*s.step
	}
	return im.selected(x, name, places)
}

// importSplit cuts the channels into parts, equal ones unless their sizes are
// given.
func importSplit(im *importer, n *node, in []*value) ([]*value, error) {
	x := in[0]
	ax, err := axis(n.int("axis", 0), len(x.dims))
	if err != nil {
		return nil, err
	}
	sizes, err := n.numbers("split", in, 1)
	if err != nil {
		return nil, err
	}
	if ax != 1 {
		return nil, UnsupportedError("splitting of other dimensions than the channels")
	}
	if sizes == nil {
		part := (x.dims[1] + len(n.out) - 1) / max(len(n.out), 1)
		for left := x.dims[1]; left > 0; left -= part {
			sizes = append(sizes, int64(min(part, left)))
		}
	}
	var out []*value
	at := 0
	for i, size := range sizes {
		if size < 1 || size > int64(x.dims[1]-at) || i >= len(n.out) {
			return nil, FormatError(fmt.Sprintf("parts %v of %d channels", sizes, x.dims[1]))
		}
		y, err := im.part(x, n.out[i], span{at, 1, int(size)})
		if err != nil {
			return nil, err
		}
		out = append(out, y)
		at += int(size)
	}
	if at != x.dims[1] {
		return nil, FormatError(fmt.Sprintf("parts %v of %d channels", sizes, x.dims[1]))
	}
	return out, nil
}

func importPad(im *importer, n *node, in []*value) ([]*value, error) {
	dims := in[0].dims
	if mode := n.text("mode", "constant"); mode != "constant" {
		return nil, UnsupportedError("mode " + mode)
	}
	pads, err := n.numbers("pads", in, 1)
	if err != nil {
		return nil, err
	}
	fill, err := vector(in, 2, 1)
	if err != nil {
		return nil, err
	}
	if len(in) > 3 && in[3] != nil {
		return nil, UnsupportedError("axes")
	}
	if !slices.ContainsFunc(pads, func(p int64) bool { return p != 0 }) {
		return in[:1], nil
	}
	if len(dims) != 4 || len(pads) != 8 || fill != nil && fill[0] != 0 ||
		pads[0] != 0 || pads[4] != 0 || slices.Min(pads) < 0 || slices.Max(pads) > maxSize {
		return nil, UnsupportedError(fmt.Sprintf("pads %v of shape %v with %v, want zeros around channels or rows and columns", pads, dims, fill))
	}
	x, err := im.tensor(in[0], n.name)
	if err != nil {
		return nil, err
	}
	if before, after := int(pads[1]), int(pads[5]); before+after > 0 {
		return im.padChannels(n, x, before, after, pads)
	}
	return im.result(n.name, &nn.Pad{Top: int(pads[2]), Left: int(pads[3]), Bottom: int(pads[6]), Right: int(pads[7])}, x)
}

// padChannels adds channels of zeros, together with the subsampling before it if
// there is one (the shortcut of CIFAR ResNets).
func (im *importer) padChannels(n *node, x *nn.Value, before, after int, pads []int64) ([]*value, error) {
	if pads[2] != 0 || pads[3] != 0 || pads[6] != 0 || pads[7] != 0 {
		return nil, UnsupportedError(fmt.Sprintf("pads %v around channels and rows or columns", pads))
	}
	stride := 1
	if p := im.producer[x]; p != nil {
		if op, ok := p.Op.(*nn.Subsample); ok && op.Before+op.After == 0 {
			stride, x = op.Stride, p.In[0]
		}
	}
	return im.result(n.name, &nn.Subsample{Stride: stride, Before: before, After: after}, x)
}

func importConcat(im *importer, n *node, in []*value) ([]*value, error) {
	ax, err := axis(n.int("axis", 0), len(in[0].dims))
	if err != nil {
		return nil, err
	}
	if ax != 1 {
		return nil, UnsupportedError("joining of other dimensions than the channels")
	}
	xs := make([]*nn.Value, len(in))
	for i, x := range in {
		if x == nil || x.v == nil {
			return nil, UnsupportedError("joining a constant")
		}
		if xs[i], err = im.tensor(x, fmt.Sprintf("%s.%d", n.name, i)); err != nil {
			return nil, err
		}
	}
	return im.result(n.name, &nn.Concat{}, xs...)
}
