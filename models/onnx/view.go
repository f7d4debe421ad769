package onnx

import (
	"fmt"
	"math"
	"slices"

	"mixq/nn"
)

// The functions in this file follow values whose elements are computed in one
// shape and read in another. Nothing is done about that before a layer needs
// the elements in some order, so that chains which come to nothing vanish and a
// reshape, transpose and reshape that shuffle channels become one layer.

// tensor makes a layer's input of a view: what it is a view of, if that has its
// shape, else through a layer that flattens it or permutes its channels.
func (im *importer) tensor(x *value, name string) (*nn.Value, error) {
	v := x.v
	if x.order != nil {
		var err error
		if v, err = im.apply(name+".channels", &nn.Select{Channels: x.order}, v); err != nil {
			return nil, err
		}
	}
	shape := v.Type.Shape
	switch {
	case shape.Equal(x.dims):
	case len(x.dims) == 2 && len(shape) == 4 && x.dims[0] == shape[0]:
		var err error
		if v, err = im.apply(name+".flatten", &nn.Flatten{}, v); err != nil {
			return nil, err
		}
	default:
		return nil, UnsupportedError(fmt.Sprintf("%s of shape %v reshaped to %v", x.v.Name, x.v.Type.Shape, x.dims))
	}
	x.v, x.order = v, nil
	return v, nil
}

// reshaped is the shape that a node gives its input.
func reshaped(n *node, in []*value) ([]int, error) {
	dims := in[0].dims
	switch n.op {
	case "Flatten":
		a := n.int("axis", 1)
		if a < 0 {
			a += int64(len(dims))
		}
		if a < 0 || a > int64(len(dims)) {
			return nil, FormatError(fmt.Sprintf("axis %d of %d dimensions", a, len(dims)))
		}
		return []int{elems(dims[:a]), elems(dims[a:])}, nil
	case "Squeeze":
		return squeezed(n, in)
	case "Unsqueeze":
		return unsqueezed(n, in)
	}
	want, err := n.numbers("shape", in, 1)
	if err != nil {
		return nil, err
	}
	return resolveShape(want, dims, n.int("allowzero", 0) != 0)
}

// resolveShape replaces 0, which stands for the size that the input has, and one
// −1, which stands for what is left.
func resolveShape(want []int64, dims []int, zeros bool) ([]int, error) {
	out := make([]int, len(want))
	free, rest := -1, elems(dims)
	for i, d := range want {
		switch {
		case d == -1 && free < 0:
			free = i
			continue
		case d == 0 && !zeros && i < len(dims):
			d = int64(dims[i])
		}
		if d < 0 || d > math.MaxInt32 || d > 0 && rest%int(d) != 0 {
			return nil, FormatError(fmt.Sprintf("shape %v for %v", want, dims))
		}
		out[i] = int(d)
		if d > 0 {
			rest /= int(d)
		}
	}
	if free >= 0 {
		out[free] = rest
	}
	if elems(out) != elems(dims) || elems(dims) == 0 && !slices.Contains(out, 0) {
		return nil, FormatError(fmt.Sprintf("shape %v for %v", want, dims))
	}
	return out, nil
}

func squeezed(n *node, in []*value) ([]int, error) {
	dims := in[0].dims
	list, err := n.numbers("axes", in, 1)
	if err != nil {
		return nil, err
	}
	drop, err := axes(list, len(dims))
	if err != nil {
		return nil, err
	}
	var out []int
	for i, d := range dims {
		switch {
		case drop[i] && d != 1:
			return nil, FormatError(fmt.Sprintf("dimension %d of %v squeezed", i, dims))
		case drop[i], list == nil && d == 1:
		default:
			out = append(out, d)
		}
	}
	return out, nil
}

func unsqueezed(n *node, in []*value) ([]int, error) {
	dims := in[0].dims
	list, err := n.numbers("axes", in, 1)
	if err != nil {
		return nil, err
	}
	ones, err := axes(list, len(dims)+len(list))
	if err != nil {
		return nil, err
	}
	out := make([]int, len(ones))
	for i := range out {
		out[i] = 1
		if !ones[i] {
			if len(dims) == 0 {
				return nil, FormatError(fmt.Sprintf("axes %v", list))
			}
			out[i], dims = dims[0], dims[1:]
		}
	}
	if len(dims) > 0 {
		return nil, FormatError(fmt.Sprintf("axes %v", list))
	}
	return out, nil
}

// viewAs is x in another shape.
func viewAs(x *value, dims []int) *value { return &value{v: x.v, dims: dims, order: x.order} }

func importReshape(_ *importer, n *node, in []*value) ([]*value, error) {
	dims, err := reshaped(n, in)
	if err != nil {
		return nil, err
	}
	return []*value{viewAs(in[0], dims)}, nil
}

// importTranspose permutes factors of the channels, or dimensions of size 1.
func importTranspose(im *importer, n *node, in []*value) ([]*value, error) {
	x := in[0]
	perm, err := n.permutation(len(x.dims))
	if err != nil {
		return nil, err
	}
	dims := make([]int, len(perm))
	for i, k := range perm {
		dims[i] = x.dims[k]
	}
	if keepsOrder(perm, x.dims) {
		return []*value{viewAs(x, dims)}, nil
	}
	shape := x.v.Type.Shape
	image := shape[2:].Elems() // elements of a channel
	first, last := 1, len(perm)
	for size := 1; size < image && last > first; { // dimensions that are the rows and columns
		last--
		size *= x.dims[last]
		if size > image {
			last = first
		}
	}
	if x.dims[0] != shape[0] || elems(x.dims[first:last]) != shape[1] {
		return nil, UnsupportedError(fmt.Sprintf("a view of shape %v of %v", x.dims, shape))
	}
	for i, k := range perm {
		if (i < first || i >= last) && k != i {
			return nil, UnsupportedError(fmt.Sprintf("perm %v of %v; only channels can be permuted", perm, x.dims))
		}
	}
	order, err := im.permute(x, perm[first:last], first)
	if err != nil {
		return nil, err
	}
	return []*value{{v: x.v, dims: dims, order: order}}, nil
}

// keepsOrder reports whether a permutation moves dimensions of size 1 only.
func keepsOrder(perm, dims []int) bool {
	last := -1
	for _, k := range perm {
		if dims[k] == 1 {
			continue
		}
		if k < last {
			return false
		}
		last = k
	}
	return true
}

// permute gives the channels of x in the order that a transpose of the
// dimensions from first on makes of them.
func (im *importer) permute(x *value, perm []int, first int) ([]int, error) {
	dims, steps := make([]int, len(perm)), make([]int, len(perm))
	size := x.dims[first : first+len(perm)]
	for i, k := range perm {
		dims[i], steps[i] = size[k-first], strides(size)[k-first]
	}
	order, err := im.channels(x)
	if err != nil {
		return nil, err
	}
	c, err := im.strided(intConstant(order, len(order)), dims, steps, 0)
	if err != nil {
		return nil, err
	}
	return toInts(c.data.Int64()), nil
}

// channels numbers the channels of x in the order that it has them in.
func (im *importer) channels(x *value) ([]int64, error) {
	n := x.v.Type.Shape[1]
	if err := im.spend(3 * n); err != nil {
		return nil, err
	}
	order := make([]int64, n)
	for i := range order {
		order[i] = int64(i)
		if x.order != nil {
			order[i] = int64(x.order[i])
		}
	}
	return order, nil
}

func toInts(x []int64) []int {
	y := make([]int, len(x))
	for i, v := range x {
		y[i] = int(v)
	}
	return y
}
