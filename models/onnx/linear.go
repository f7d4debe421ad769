package onnx

import (
	"fmt"

	"mixq/nn"
)

func importConv(im *importer, n *node, in []*value) ([]*value, error) {
	x, err := im.tensor(in[0], n.name)
	if err != nil {
		return nil, err
	}
	c, w, err := weight(in, 1, 4)
	if err != nil {
		return nil, err
	}
	p, err := n.window(in[0].dims, c.dims[2], c.dims[3])
	if err != nil {
		return nil, err
	}
	bias, err := vector(in, 2, c.dims[0])
	if err != nil {
		return nil, err
	}
	groups := n.int("group", 1)
	if groups < 1 || groups > maxSize {
		return nil, FormatError(fmt.Sprintf("%d groups", groups))
	}
	p.Groups = int(groups)
	name := layerName(n, 1)
	return im.result(name, &nn.Conv2d{Conv2dParams: p, Bias: bias != nil}, im.operands(name, x, c.dims, w, bias)...)
}

// operands are the inputs of a layer with new parameters; bias may be nil.
func (im *importer) operands(name string, x *nn.Value, dims []int, w, bias []float32) []*nn.Value {
	in := []*nn.Value{x, im.param(name+".weight", w, dims...)}
	if bias != nil {
		in = append(in, im.param(name+".bias", bias, len(bias)))
	}
	return in
}

// importGemm makes a linear layer of alpha·x·Bᵀ + beta·C.
func importGemm(im *importer, n *node, in []*value) ([]*value, error) {
	alpha, beta := n.float("alpha", 1), n.float("beta", 1)
	if n.int("transA", 0) != 0 {
		return nil, UnsupportedError("transA")
	}
	c, w, err := im.linearWeight(in, n.int("transB", 0) == 0)
	if err != nil {
		return nil, err
	}
	if w, err = im.scaled(w, alpha); err != nil {
		return nil, err
	}
	var bias []float32
	if len(in) > 2 && in[2] != nil {
		if bias, err = im.repeated(in, 2, c.dims[0]); err == nil {
			bias, err = im.scaled(bias, beta)
		}
		if err != nil {
			return nil, err
		}
	}
	return im.linear(n, in[0], c, w, bias)
}

// importMatMul makes a linear layer without bias; an addition that follows will
// give it one.
func importMatMul(im *importer, n *node, in []*value) ([]*value, error) {
	c, w, err := im.linearWeight(in, true)
	if err != nil {
		return nil, err
	}
	return im.linear(n, in[0], c, w, nil)
}

// linearWeight gives the matrix at input 1 as [O,I], from [I,O] if transposed.
func (im *importer) linearWeight(in []*value, transposed bool) (*constant, []float32, error) {
	c, w, err := weight(in, 1, 2)
	if err != nil || !transposed {
		return c, w, err
	}
	i, o := c.dims[0], c.dims[1]
	if c, err = im.strided(c, []int{o, i}, []int{1, o}, 0); err != nil {
		return nil, nil, err
	}
	return c, c.data.Float32(), nil
}

// scaled is w·f.
func (im *importer) scaled(w []float32, f float32) ([]float32, error) {
	if f == 1 {
		return w, nil
	}
	if err := im.spend(len(w)); err != nil {
		return nil, err
	}
	out := make([]float32, len(w))
	for i, v := range w {
		out[i] = v * f
	}
	return out, nil
}

func (im *importer) linear(n *node, x *value, c *constant, w, bias []float32) ([]*value, error) {
	if len(x.dims) != 2 {
		return nil, UnsupportedError(fmt.Sprintf("an input of shape %v, want N,C", x.dims))
	}
	v, err := im.tensor(x, n.name)
	if err != nil {
		return nil, err
	}
	name := layerName(n, 1)
	return im.result(name, &nn.Linear{Bias: bias != nil}, im.operands(name, v, c.dims, w, bias)...)
}

func importBatchNorm(im *importer, n *node, in []*value) ([]*value, error) {
	if n.int("training_mode", 0) != 0 {
		return nil, UnsupportedError("training_mode; export the model for inference")
	}
	name := layerName(n, 1)
	if len(in[0].dims) != 4 {
		return nil, UnsupportedError(fmt.Sprintf("an input of shape %v, want N,C,H,W", in[0].dims))
	}
	var params [4][]float32
	for i := range params {
		var err error
		if params[i], err = vector(in, i+1, in[0].dims[1]); err != nil {
			return nil, err
		}
	}
	return im.batchNorm(name, in[0], params, n.float("epsilon", 1e-5))
}

// batchNorm makes a layer of weight, bias, mean and variance.
func (im *importer) batchNorm(name string, x *value, params [4][]float32, eps float32) ([]*value, error) {
	v, err := im.tensor(x, name)
	if err != nil {
		return nil, err
	}
	operands := []*nn.Value{v}
	for i, suffix := range [...]string{".weight", ".bias", ".running_mean", ".running_var"} {
		operands = append(operands, im.param(name+suffix, params[i], len(params[i])))
	}
	return im.result(name, &nn.BatchNorm{Eps: eps}, operands...)
}
