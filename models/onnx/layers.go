package onnx

import (
	"fmt"
	"math"
	"slices"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

type foldFunc func(im *importer, n *node, in []*value) (*constant, error)

// operator says what becomes of the nodes of a type: fold computes those of
// constants, layer makes layers of those of computed values.
type operator struct {
	name   string
	inputs int // that must be there
	fold   foldFunc
	layer  func(im *importer, n *node, in []*value) ([]*value, error)

	anyFirst bool // layer takes a constant for the first input too
}

var operators = [...]operator{
	{name: "Constant", layer: importConstant},
	{name: "Identity", inputs: 1, layer: importIdentity, anyFirst: true},
	{name: "Dropout", inputs: 1, layer: importIdentity},
	{name: "Cast", inputs: 1, fold: foldCast, layer: importCast},
	{name: "Shape", inputs: 1, layer: importShape, anyFirst: true},

	{name: "Reshape", inputs: 2, fold: foldReshape, layer: importReshape},
	{name: "Flatten", inputs: 1, fold: foldReshape, layer: importReshape},
	{name: "Squeeze", inputs: 1, fold: foldReshape, layer: importReshape},
	{name: "Unsqueeze", inputs: 1, fold: foldReshape, layer: importReshape},
	{name: "Transpose", inputs: 1, fold: foldTranspose, layer: importTranspose},
	{name: "Gather", inputs: 2, fold: foldGather, layer: importGather},
	{name: "Slice", inputs: 1, fold: foldSlice, layer: importSlice},
	{name: "Split", inputs: 1, layer: importSplit},
	{name: "Concat", inputs: 1, fold: foldConcat, layer: importConcat},

	{name: "Add", inputs: 2, fold: arithmetic(addInts, func(a, b float32) float32 { return a + b }), layer: importAdd, anyFirst: true},
	{name: "Sub", inputs: 2, fold: arithmetic(subInts, func(a, b float32) float32 { return a - b }), layer: importSub, anyFirst: true},
	{name: "Mul", inputs: 2, fold: arithmetic(mulInts, func(a, b float32) float32 { return a * b }), layer: importMul, anyFirst: true},
	{name: "Div", inputs: 2, fold: arithmetic(divInts, func(a, b float32) float32 { return a / b }), layer: importDiv},

	{name: "Conv", inputs: 2, layer: importConv},
	{name: "Gemm", inputs: 2, layer: importGemm},
	{name: "MatMul", inputs: 2, layer: importMatMul},
	{name: "BatchNormalization", inputs: 5, layer: importBatchNorm},
	{name: "Relu", inputs: 1, layer: activation(nn.ReLU)},
	{name: "Clip", inputs: 1, layer: importClip},
	{name: "Sigmoid", inputs: 1, layer: activation(nn.Sigmoid)},
	{name: "HardSigmoid", inputs: 1, layer: importHardSigmoid},
	{name: "HardSwish", inputs: 1, layer: activation(nn.HardSwish)},
	{name: "MaxPool", inputs: 1, layer: importMaxPool},
	{name: "AveragePool", inputs: 1, layer: importAveragePool},
	{name: "GlobalAveragePool", inputs: 1, layer: importGlobalAveragePool},
	{name: "ReduceMean", inputs: 1, layer: importReduceMean},
	{name: "Pad", inputs: 1, layer: importPad},
	{name: "Softmax", inputs: 1, layer: importSoftmax},

	{name: "QuantizeLinear", inputs: 2, layer: importQuantize},
	{name: "DequantizeLinear", inputs: 2, fold: foldDequantize, layer: importDequantize},
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

// importIdentity also does Dropout, which does nothing outside of training.
func importIdentity(_ *importer, _ *node, in []*value) ([]*value, error) { return in[:1], nil }

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

// weight gives a constant input of a layer, real and of the given rank.
func weight(in []*value, i, rank int) (*constant, []float32, error) {
	if in[i].c == nil {
		return nil, nil, UnsupportedError(fmt.Sprintf("input %d is computed by the network, want a constant", i))
	}
	c := in[i].c
	w, err := c.floats()
	if err != nil || w == nil || len(c.dims) != rank {
		return nil, nil, UnsupportedError(fmt.Sprintf("input %d has shape %v, want %d dimensions of float32", i, c.dims, rank))
	}
	return c, w, nil
}

// vector gives an optional constant input of a layer that has n elements; nil
// if it is absent.
func vector(in []*value, i, n int) ([]float32, error) {
	if i >= len(in) || in[i] == nil {
		return nil, nil
	}
	if in[i].c == nil {
		return nil, UnsupportedError(fmt.Sprintf("input %d is computed by the network, want a constant", i))
	}
	v, err := in[i].c.floats()
	if err != nil {
		return nil, UnsupportedError(err.Error())
	}
	if len(v) != n {
		return nil, UnsupportedError(fmt.Sprintf("input %d has shape %v, want %d elements", i, in[i].c.dims, n))
	}
	return v, nil
}

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
	operands := []*nn.Value{x, im.param(name+".weight", w, c.dims...)}
	if bias != nil {
		operands = append(operands, im.param(name+".bias", bias, len(bias)))
	}
	return im.result(name, &nn.Conv2d{Conv2dParams: p, Bias: bias != nil}, operands...)
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

// repeated is vector for an input that may be a single number.
func (im *importer) repeated(in []*value, i, n int) ([]float32, error) {
	if in[i].c == nil || in[i].c.len() != 1 {
		return vector(in, i, n)
	}
	v, err := vector(in, i, 1)
	if err != nil {
		return nil, err
	}
	return slices.Repeat(v, n), im.spend(n)
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
	operands := []*nn.Value{v, im.param(name+".weight", w, c.dims...)}
	if bias != nil {
		operands = append(operands, im.param(name+".bias", bias, len(bias)))
	}
	return im.result(name, &nn.Linear{Bias: bias != nil}, operands...)
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
	if len(v) == 1 || len(dims) >= 2 && len(c.dims) <= len(dims) && at >= 0 && len(v) == dims[1] && c.dims[at] == len(v) {
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

// addConstant makes x + sign·c: as the bias of a linear layer without one that
// only this node reads, else as an affine map of the channels.
func (im *importer) addConstant(n *node, x *value, c *constant, sign float32) ([]*value, error) {
	shift, err := perChannel(c, x.dims)
	if err == nil {
		shift, err = im.scaled(shift, sign)
	}
	if err != nil {
		return nil, err
	}
	p := im.producer[x.v]
	if p == nil || len(x.dims) != 2 {
		return im.affine(n, x, nil, shift)
	}
	op, ok := p.Op.(*nn.Linear)
	if !ok || op.Bias || im.uses[n.in[0]] > 1 || im.uses[n.in[1]] > 1 {
		return im.affine(n, x, nil, shift)
	}
	if len(shift) == 1 {
		shift = slices.Repeat(shift, x.dims[1])
	}
	p.Op = &nn.Linear{Bias: true}
	p.In = append(p.In, im.param(p.Name+".bias", shift, len(shift)))
	return []*value{x}, nil
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
	if p == nil || x.order != nil || gate.order != nil || p.In[0] != x.v || !slices.Equal(x.dims, gate.dims) {
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
	if len(n.out) > 1 && im.uses[n.out[1]] > 0 {
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

// padChannels adds channels of zeros, as a part of the subsampling before it if
// there is one that only this node reads (the shortcut of CIFAR ResNets).
func (im *importer) padChannels(n *node, x *nn.Value, before, after int, pads []int64) ([]*value, error) {
	if pads[2] != 0 || pads[3] != 0 || pads[6] != 0 || pads[7] != 0 {
		return nil, UnsupportedError(fmt.Sprintf("pads %v around channels and rows or columns", pads))
	}
	stride := 1
	if p := im.producer[x]; p != nil && im.uses[n.in[0]] == 1 {
		if op, ok := p.Op.(*nn.Subsample); ok && op.Before+op.After == 0 {
			stride, x = op.Stride, p.In[0]
		}
	}
	return im.result(n.name, &nn.Subsample{Stride: stride, Before: before, After: after}, x)
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
