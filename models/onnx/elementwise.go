package onnx

import (
	"fmt"
	"math"
	"slices"

	"mixq/nn"
	"mixq/tensor/kernel"
)

// affine makes x·scale + shift, where each of the two has one element or one for
// every channel, or is nil for 1 and 0.
func (im *importer) affine(n *node, x *value, scale, shift []float32) ([]*value, error) {
	if len(x.dims) != 4 {
		return nil, UnsupportedError(fmt.Sprintf("a constant with values of shape %v, want N,C,H,W", x.dims))
	}
	c := x.dims[1]
	if err := im.spend(4 * c); err != nil {
		return nil, err
	}
	fill := func(v []float32, def float32) []float32 {
		switch len(v) {
		case 0:
			return slices.Repeat([]float32{def}, c)
		case 1:
			return slices.Repeat(v, c)
		}
		return v
	}
	return im.batchNorm(n.name, x, [4][]float32{fill(scale, 1), fill(shift, 0), fill(nil, 0), fill(nil, 1)}, 0)
}

// perChannel gives the elements of a constant that is broadcast to values of
// shape dims along all dimensions but the channels.
func perChannel(c *constant, dims []int) ([]float32, error) {
	v, err := c.floats()
	if err != nil {
		return nil, UnsupportedError(err.Error())
	}
	at := len(c.dims) - len(dims) + 1 // the dimension of c that is the channels
	isVector := len(dims) >= 2 && at >= 0 && at < len(c.dims) && c.dims[at] == len(v) && len(v) == dims[1]
	if isVector || len(v) == 1 {
		return v, nil
	}
	return nil, UnsupportedError(fmt.Sprintf("a constant of shape %v with values of shape %v", c.dims, dims))
}

// constantOf sorts the operands of an element-wise operator: the computed one,
// and the other if it is a constant.
func constantOf(in []*value) (x *value, c *constant) {
	if in[0].c != nil {
		return in[1], in[0].c
	}
	return in[0], in[1].c
}

func importAdd(im *importer, n *node, in []*value) ([]*value, error) {
	x, c := constantOf(in)
	if c != nil {
		return im.addConstant(n, x, c, 1)
	}
	a, err := im.tensor(in[0], n.name+".0")
	if err != nil {
		return nil, err
	}
	b, err := im.tensor(in[1], n.name+".1")
	if err != nil {
		return nil, err
	}
	if !a.Type.Shape.Equal(b.Type.Shape) {
		return nil, UnsupportedError(fmt.Sprintf("values of shapes %v and %v", a.Type.Shape, b.Type.Shape))
	}
	return im.result(n.name, &nn.Add{}, a, b)
}

// addConstant makes x + sign·c: where x is the output of a linear layer without
// bias, as that layer with one, else as an affine map of the channels.
func (im *importer) addConstant(n *node, x *value, c *constant, sign float32) ([]*value, error) {
	shift, err := perChannel(c, x.dims)
	if err == nil {
		shift, err = im.scaled(shift, sign)
	}
	if err != nil {
		return nil, err
	}
	p := im.producer[x.v]
	if p == nil || p.Op.Kind() != nn.KindLinear || len(p.In) > 2 || len(shift) == 1 || !x.isWhole() {
		return im.affine(n, x, nil, shift)
	}
	return im.result(n.name, &nn.Linear{Bias: true}, p.In[0], p.In[1], im.param(p.Name+".bias", shift, len(shift)))
}

func importSub(im *importer, n *node, in []*value) ([]*value, error) {
	switch {
	case in[1].c != nil:
		return im.addConstant(n, in[0], in[1].c, -1)
	case in[0].c != nil:
		shift, err := perChannel(in[0].c, in[1].dims)
		if err != nil {
			return nil, err
		}
		return im.affine(n, in[1], []float32{-1}, shift)
	}
	return nil, UnsupportedError("of two computed values")
}

func importDiv(im *importer, n *node, in []*value) ([]*value, error) {
	if in[1].c == nil {
		return nil, UnsupportedError("by a computed value")
	}
	d, err := perChannel(in[1].c, in[0].dims)
	if err != nil {
		return nil, err
	}
	scale := make([]float32, len(d))
	for i, v := range d {
		scale[i] = 1 / v
	}
	return im.affine(n, in[0], scale, nil)
}

// importMul makes a product with a constant, with a gate of one element a
// channel, or x·Sigmoid(x) and x·HardSigmoid(x).
func importMul(im *importer, n *node, in []*value) ([]*value, error) {
	x, c := constantOf(in)
	if c != nil {
		scale, err := perChannel(c, x.dims)
		if err != nil {
			return nil, err
		}
		return im.affine(n, x, scale, nil)
	}
	for i, gate := range in {
		if y, act := im.selfGate(in[1-i], gate); act != nn.NoAct {
			return im.result(n.name, &nn.Activate{Act: act}, y)
		}
	}
	x, gate := in[0], in[1]
	if elems(x.dims) < elems(gate.dims) {
		x, gate = gate, x
	}
	v, err := im.tensor(x, n.name+".x")
	if err != nil {
		return nil, err
	}
	g := gate.v // one element a channel, in whatever shape
	if gate.order != nil || elems(gate.dims) == elems(x.dims) || !isGate(gate.dims, x.dims) {
		if g, err = im.tensor(gate, n.name+".gate"); err != nil {
			return nil, err
		}
	}
	return im.result(n.name, &nn.Mul{}, v, g)
}

// isGate reports whether a value of shape gate has one element for every channel
// of one of shape dims.
func isGate(gate, dims []int) bool {
	return len(dims) == 4 && slices.Equal(gate, []int{dims[0], dims[1], 1, 1})
}

// selfGate says which activation x·gate is.
func (im *importer) selfGate(x, gate *value) (*nn.Value, nn.Activation) {
	p := im.producer[gate.v]
	if p == nil || !x.isWhole() || !gate.isWhole() || p.In[0] != x.v {
		return nil, nn.NoAct
	}
	if op, ok := p.Op.(*nn.Activate); ok {
		switch op.Act {
		case nn.Sigmoid:
			return x.v, nn.SiLU
		case nn.HardSigmoid:
			return x.v, nn.HardSwish
		}
	}
	return nil, nn.NoAct
}

func activation(a nn.Activation) func(*importer, *node, []*value) ([]*value, error) {
	return func(im *importer, n *node, in []*value) ([]*value, error) {
		v, err := im.apply(n.name, &nn.Activate{Act: a}, in[0].v)
		if err != nil {
			return nil, err
		}
		return []*value{{v: v, dims: in[0].dims, order: in[0].order}}, nil // whatever the view, elements stay
	}
}

func importClip(im *importer, n *node, in []*value) ([]*value, error) {
	bounds := [2]float32{float32(math.Inf(-1)), float32(math.Inf(1))}
	for i := range bounds {
		v, err := vector(in, i+1, 1)
		if err != nil {
			return nil, err
		}
		if v != nil && max(v[0], -v[0]) < math.MaxFloat32 {
			bounds[i] = v[0]
		}
	}
	clamp := kernel.Clamp{Lo: bounds[0], Hi: bounds[1]}
	if clamp == nn.NoAct.Clamp() {
		return in[:1], nil
	}
	for _, a := range []nn.Activation{nn.ReLU, nn.ReLU6} {
		if clamp == a.Clamp() {
			return activation(a)(im, n, in)
		}
	}
	return nil, UnsupportedError(fmt.Sprintf("bounds %v and %v, want those of ReLU or ReLU6", bounds[0], bounds[1]))
}

// importHardSigmoid knows the slope of PyTorch's; ONNX's default is another.
func importHardSigmoid(im *importer, n *node, in []*value) ([]*value, error) {
	alpha, beta := n.float("alpha", .2), n.float("beta", .5)
	if math.Abs(float64(alpha)-1./6) > 1e-6 || beta != .5 {
		return nil, UnsupportedError(fmt.Sprintf("alpha %v and beta %v, want 1/6 and 1/2", alpha, beta))
	}
	return activation(nn.HardSigmoid)(im, n, in)
}
