package onnx

import (
	"mixq/nn"
	"mixq/tensor"
)

// quantizeGrid is the grid of a QuantizeLinear or DequantizeLinear with one
// scale, as codes of 0 to 255: signed ones are shifted by 128.
func quantizeGrid(in []*value) (*nn.Quant, error) {
	scale, err := vector(in, 1, 1)
	if err != nil {
		return nil, err
	}
	q := &nn.Quant{Bits: 8, Axis: -1, Scale: scale, Zero: []int32{0}}
	if len(in) < 3 || in[2] == nil {
		return q, nil
	}
	c := in[2].c
	if c == nil || c.len() != 1 || c.data.DType() != tensor.Int8 && c.data.DType() != tensor.Uint8 {
		return nil, UnsupportedError("a zero point that is not a constant of 8 bits")
	}
	zero, err := c.ints()
	if err != nil {
		return nil, err
	}
	q.Zero[0] = int32(zero[0])
	if c.data.DType() == tensor.Int8 {
		q.Zero[0] += 128
	}
	return q, nil
}

// importQuantize puts a value on a grid.
func importQuantize(im *importer, n *node, in []*value) ([]*value, error) {
	q, err := quantizeGrid(in)
	if err != nil {
		return nil, err
	}
	v, err := im.apply(n.name, &nn.Quantize{}, in[0].v)
	if err != nil {
		return nil, err
	}
	v.Type.DType, v.Type.Quant = tensor.Uint8, q
	return []*value{{v: v, dims: in[0].dims, order: in[0].order}}, nil
}

func importDequantize(im *importer, n *node, in []*value) ([]*value, error) {
	q, err := quantizeGrid(in)
	if err != nil {
		return nil, err
	}
	if !q.Equal(in[0].v.Type.Quant) {
		return nil, UnsupportedError("codes of another grid")
	}
	v, err := im.apply(n.name, &nn.Dequantize{}, in[0].v)
	if err != nil {
		return nil, err
	}
	return []*value{{v: v, dims: in[0].dims, order: in[0].order}}, nil
}

// foldDequantize computes real weights from codes, with one scale or one for
// every index of the dimension axis.
func foldDequantize(im *importer, n *node, in []*value) (*constant, error) {
	x := in[0].c
	codes, err := x.ints()
	if err != nil {
		return nil, UnsupportedError(err.Error())
	}
	count, step := 1, max(len(codes), 1)
	if in[1].c.len() != 1 {
		ax, err := axis(n.int("axis", 1), len(x.dims))
		if err != nil {
			return nil, err
		}
		count, step = x.dims[ax], elems(x.dims[ax+1:])
	}
	scale, err := vector(in, 1, count)
	if err != nil {
		return nil, err
	}
	zero := make([]int64, count)
	if len(in) > 2 && in[2] != nil {
		if zero, err = in[2].c.ints(); err != nil || len(zero) != count {
			return nil, UnsupportedError("zero points that do not go with the scales")
		}
	}
	if err := im.spend(2 * len(codes)); err != nil {
		return nil, err
	}
	out := make([]float32, len(codes))
	for i, q := range codes {
		k := i / max(step, 1) % max(count, 1)
		out[i] = scale[k] * float32(q-zero[k])
	}
	return floatConstant(out, x.dims...), nil
}
