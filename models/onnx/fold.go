package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"mixq/tensor"
)

// The functions in this file compute nodes of constants: shapes that exporters
// write as arithmetic on the sizes of the input, and weights in other forms.

// pick makes a tensor of the elements of t at the given places.
func pick(t *tensor.Tensor, at []int) *tensor.Tensor {
	out := tensor.New(t.DType(), len(at))
	switch t.DType() {
	case tensor.Float32:
		gather(out.Float32(), t.Float32(), at)
	case tensor.Int8:
		gather(out.Int8(), t.Int8(), at)
	case tensor.Uint8:
		gather(out.Uint8(), t.Uint8(), at)
	case tensor.Int32:
		gather(out.Int32(), t.Int32(), at)
	case tensor.Int64:
		gather(out.Int64(), t.Int64(), at)
	}
	return out
}

func gather[T any](dst, src []T, at []int) {
	for i, k := range at {
		dst[i] = src[k]
	}
}

// strided makes a constant of shape dims whose element (i, j, ...) is that of c
// at offset + i·strides[0] + j·strides[1] + ...
func (im *importer) strided(c *constant, dims, strides []int, offset int) (*constant, error) {
	n, err := im.product(dims)
	if err != nil || n == 0 {
		return &constant{dims: dims}, err
	}
	at := make([]int, n)
	index := make([]int, len(dims))
	for i, place := 0, offset; i < n; i++ {
		at[i] = place
		for d := len(dims) - 1; d >= 0; d-- {
			place += strides[d]
			if index[d]++; index[d] < dims[d] {
				break
			}
			place -= dims[d] * strides[d]
			index[d] = 0
		}
	}
	return &constant{dims: dims, data: pick(c.data, at)}, nil
}

// product is the number of elements of a shape, for which memory is spent.
func (im *importer) product(dims []int) (int, error) {
	n := int64(1)
	for _, d := range dims {
		if n *= int64(d); n > math.MaxInt32 {
			return 0, errBudget
		}
	}
	return int(n), im.spend(2 * int(n)) // their places, and themselves
}

// strides are the steps of a row-major array.
func strides(dims []int) []int {
	s := make([]int, len(dims))
	step := 1
	for i, d := range slices.Backward(dims) {
		s[i] = step
		step *= d
	}
	return s
}

func foldGather(im *importer, n *node, in []*value) (*constant, error) {
	x := in[0].c
	ax, err := axis(n.int("axis", 0), len(x.dims))
	if err != nil {
		return nil, err
	}
	index, err := indices(in[1].c, x.dims[ax])
	if err != nil {
		return nil, err
	}
	dims := slices.Concat(x.dims[:ax], in[1].c.dims, x.dims[ax+1:])
	total, err := im.product(dims)
	if err != nil || total == 0 {
		return &constant{dims: dims}, err
	}
	inner := elems(x.dims[ax+1:])
	at := make([]int, 0, total)
	for o := range elems(x.dims[:ax]) {
		for _, k := range index {
			first := (o*x.dims[ax] + k) * inner
			for i := range inner {
				at = append(at, first+i)
			}
		}
	}
	return &constant{dims: dims, data: pick(x.data, at)}, nil
}

// indices are places in a dimension of size n, which may count from its end.
func indices(c *constant, n int) ([]int, error) {
	list, err := c.ints()
	if err != nil {
		return nil, err
	}
	out := make([]int, len(list))
	for i, k := range list {
		if k < 0 {
			k += int64(n)
		}
		if k < 0 || k >= int64(n) {
			return nil, FormatError(fmt.Sprintf("index %d of %d", list[i], n))
		}
		out[i] = int(k)
	}
	return out, nil
}

// span is what Slice takes of one dimension: n places, from first on.
type span struct{ first, step, n int }

// slicing gives the part that a Slice takes of every dimension.
func (n *node) slicing(in []*value, dims []int) ([]span, error) {
	var lists [4][]int64 // starts, ends, axes, steps
	for i, name := range [...]string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = n.numbers(name, in, i+1); err != nil {
			return nil, err
		}
	}
	starts, ends, which, steps := lists[0], lists[1], lists[2], lists[3]
	parts := make([]span, len(dims))
	for i, d := range dims {
		parts[i] = span{0, 1, d}
	}
	for i := range starts {
		ax, step := int64(i), int64(1)
		if which != nil && i < len(which) {
			ax = which[i]
		}
		if steps != nil && i < len(steps) {
			step = steps[i]
		}
		k, err := axis(ax, len(dims))
		if err != nil {
			return nil, err
		}
		if i >= len(ends) || step == 0 || step != int64(int32(step)) {
			return nil, FormatError(fmt.Sprintf("starts %v, ends %v, steps %v", starts, ends, steps))
		}
		parts[k] = cut(starts[i], ends[i], step, int64(dims[k]))
	}
	return parts, nil
}

// cut is the part [start, end) of n places, either of which may count from the
// end or lie outside.
func cut(start, end, step, n int64) span {
	lo, hi := int64(0), n // bounds of start and end
	if step < 0 {
		lo, hi = -1, n-1
	}
	if start < 0 {
		start += n
	}
	if end < 0 && end >= -n {
		end += n
	}
	start, end = min(max(start, lo), hi), min(max(end, lo), hi)
	count := (end - start + step - step/max(step, -step)) / step
	return span{int(start), int(step), int(max(count, 0))}
}

func foldSlice(im *importer, n *node, in []*value) (*constant, error) {
	x := in[0].c
	parts, err := n.slicing(in, x.dims)
	if err != nil {
		return nil, err
	}
	dims, steps, offset := make([]int, len(parts)), strides(x.dims), 0
	for i, p := range parts {
		dims[i] = p.n
		offset += p.first * steps[i]
		steps[i] *= p.step
	}
	return im.strided(x, dims, steps, offset)
}

func foldTranspose(im *importer, n *node, in []*value) (*constant, error) {
	x := in[0].c
	perm, err := n.permutation(len(x.dims))
	if err != nil {
		return nil, err
	}
	dims, steps := make([]int, len(perm)), make([]int, len(perm))
	for i, k := range perm {
		dims[i], steps[i] = x.dims[k], strides(x.dims)[k]
	}
	return im.strided(x, dims, steps, 0)
}

// permutation is the attribute perm, the reverse order by default.
func (n *node) permutation(rank int) ([]int, error) {
	perm := make([]int, rank)
	given := n.ints("perm")
	for i := range perm {
		perm[i] = rank - 1 - i
		if given != nil && len(given) == rank {
			perm[i] = int(given[i])
		}
	}
	sorted := slices.Sorted(slices.Values(perm))
	for i, k := range sorted {
		if i != k || given != nil && len(given) != rank {
			return nil, FormatError(fmt.Sprintf("perm %v for %d dimensions", given, rank))
		}
	}
	return perm, nil
}

// foldConcat joins lists.
func foldConcat(im *importer, n *node, in []*value) (*constant, error) {
	var ints []int64
	for _, x := range in {
		if x == nil || len(x.c.dims) != 1 {
			return nil, UnsupportedError("constants that are not lists")
		}
		list, err := x.c.ints()
		if err != nil {
			return nil, UnsupportedError("constants that are not integers")
		}
		if err := im.spend(2 * len(list)); err != nil {
			return nil, err
		}
		ints = append(ints, list...)
	}
	return intConstant(ints, len(ints)), nil
}

func foldReshape(im *importer, n *node, in []*value) (*constant, error) {
	dims, err := reshaped(n, in)
	if err != nil {
		return nil, err
	}
	return &constant{dims: dims, data: in[0].c.data}, nil
}

func foldCast(im *importer, n *node, in []*value) (*constant, error) {
	x := in[0].c
	if err := im.spend(x.len()); err != nil {
		return nil, err
	}
	to := n.int("to", 0)
	f, err := x.floats()
	real := err == nil
	switch {
	case real && to == typeFloat, !real && (to == typeInt64 || to == typeInt32):
		return x, nil
	case real && (to == typeInt64 || to == typeInt32):
		v := make([]int64, len(f))
		for i := range f {
			v[i] = int64(f[i])
		}
		return intConstant(v, x.dims...), nil
	case !real && to == typeFloat:
		list, err := x.ints()
		if err != nil {
			return nil, err
		}
		v := make([]float32, len(list))
		for i := range v {
			v[i] = float32(list[i])
		}
		return floatConstant(v, x.dims...), nil
	}
	return nil, UnsupportedError(fmt.Sprintf("a cast to element type %d", to))
}

// arithmetic makes the fold of an element-wise operator with broadcasting.
func arithmetic(ints func(a, b int64) (int64, error), floats func(a, b float32) float32) foldFunc {
	return func(im *importer, n *node, in []*value) (*constant, error) {
		a, b, err := im.broadcast(in[0].c, in[1].c)
		if err != nil || a.data == nil {
			return a, err
		}
		x, err1 := a.floats()
		y, err2 := b.floats()
		if err1 == nil && err2 == nil {
			out := make([]float32, len(x))
			for i := range out {
				out[i] = floats(x[i], y[i])
			}
			return floatConstant(out, a.dims...), nil
		}
		p, err1 := a.ints()
		q, err2 := b.ints()
		if err := errors.Join(err1, err2); err != nil {
			return nil, UnsupportedError(err.Error())
		}
		out := make([]int64, len(p))
		for i := range out {
			if out[i], err = ints(p[i], q[i]); err != nil {
				return nil, err
			}
		}
		return intConstant(out, a.dims...), nil
	}
}

// broadcast repeats a and b so that they have one shape.
func (im *importer) broadcast(a, b *constant) (x, y *constant, err error) {
	rank := max(len(a.dims), len(b.dims))
	pad := func(c *constant) (dims, steps []int) {
		ones := slices.Repeat([]int{1}, rank-len(c.dims))
		return slices.Concat(ones, c.dims), slices.Concat(ones, strides(c.dims))
	}
	da, sa := pad(a)
	db, sb := pad(b)
	dims := make([]int, rank)
	for i := range dims {
		switch {
		case da[i] == db[i]:
			dims[i] = da[i]
		case da[i] == 1:
			dims[i], sa[i] = db[i], 0
		case db[i] == 1:
			dims[i], sb[i] = da[i], 0
		default:
			return nil, nil, FormatError(fmt.Sprintf("shapes %v and %v", a.dims, b.dims))
		}
	}
	if x, err = im.strided(a, dims, sa, 0); err != nil {
		return nil, nil, err
	}
	y, err = im.strided(b, dims, sb, 0)
	return x, y, err
}

func addInts(a, b int64) (int64, error) { return a + b, nil }
func subInts(a, b int64) (int64, error) { return a - b, nil }
func mulInts(a, b int64) (int64, error) { return a * b, nil }

func divInts(a, b int64) (int64, error) {
	if b == 0 {
		return 0, FormatError("a division by zero")
	}
	return a / b, nil
}

func importConstant(im *importer, n *node, _ []*value) ([]*value, error) {
	var c *constant
	for i := range n.attrs {
		var err error
		switch a := &n.attrs[i]; a.name {
		case "value":
			if c, err = im.read(&a.t); err != nil {
				return nil, err
			}
		case "value_int":
			c = intConstant([]int64{a.i})
		case "value_ints":
			c = intConstant(a.ints, len(a.ints))
		case "value_float":
			c = floatConstant([]float32{a.f})
		case "value_floats":
			c = floatConstant(a.floats, len(a.floats))
		}
	}
	if c == nil {
		return nil, UnsupportedError("a constant that is not of numbers")
	}
	return []*value{{c: c, dims: c.dims}}, nil
}

func importCast(_ *importer, n *node, in []*value) ([]*value, error) {
	if to := n.int("to", 0); to != typeFloat {
		return nil, UnsupportedError(fmt.Sprintf("a cast to element type %d", to))
	}
	return in[:1], nil
}

func importShape(_ *importer, n *node, in []*value) ([]*value, error) {
	dims := in[0].dims
	bound := func(name string, def int) int {
		k := n.int(name, int64(def))
		if k < 0 {
			k += int64(len(dims))
		}
		return int(min(max(k, 0), int64(len(dims))))
	}
	start, end := bound("start", 0), bound("end", len(dims))
	var list []int64
	for _, d := range dims[min(start, end):end] {
		list = append(list, int64(d))
	}
	c := intConstant(list, len(list))
	return []*value{{c: c, dims: c.dims}}, nil
}
