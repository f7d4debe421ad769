package onnx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Write writes g to the file at path, which appears only when it is complete;
// see Encode.
func Write(path string, g *nn.Graph) (err error) {
	b, err := Encode(g)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("onnx: %s: %w", path, err)
		}
	}()
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Encode makes an ONNX model of g, which must have its weights. It takes any
// number of images of real values; a pixel table, which says how bytes become
// those, has no place in it.
//
// Values on a grid become a QuantizeLinear with a DequantizeLinear (QDQ), and so
// do weights in codes, with a scale for every output channel: in int8 tensors,
// or of four bits for 4 bits or fewer (opset 21). Zero points of weights are
// subtracted where an int8 can hold the result. A layer whose weights keep them
// gets its bias as real values: runtimes then compute it in float32, where they
// would otherwise fail to make an integer layer of it.
func Encode(g *nn.Graph) ([]byte, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	e := &exporter{names: map[*nn.Value]string{}, constants: map[string]int{}}
	e.m = &model{irVersion: 8, producer: "mixq", opsets: []opset{{version: floatOpset}}, graph: graph{name: g.Name}}
	if err := e.graph(g); err != nil {
		return nil, err
	}
	b := appendMessage(nil, e.m)
	if len(b) > math.MaxInt32 {
		return nil, UnsupportedError(fmt.Sprintf("%s takes more than the 2 GB of an ONNX file", g.Name))
	}
	return b, nil
}

// exporter turns the layers of a network into nodes, in order.
type exporter struct {
	m         *model
	names     map[*nn.Value]string // of the real values of a value
	constants map[string]int       // initializers, by their places
	clash     error
}

func (e *exporter) graph(g *nn.Graph) error {
	for _, v := range g.Inputs {
		e.m.graph.inputs = append(e.m.graph.inputs, info(v))
		e.names[v] = v.Name
		if v.Type.Quant == nil {
			continue
		}
		if err := e.quantize(v, v.Name, v.Name+".dequantized"); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		if err := e.layer(n); err != nil {
			return within(n.Name+": ", err)
		}
	}
	for _, v := range g.Outputs {
		e.m.graph.outputs = append(e.m.graph.outputs, info(v))
		if name := e.names[v]; name != v.Name {
			e.add("Identity", v.Name, name)
		}
	}
	return e.checkNames()
}

// checkNames finds a value of the network that is called as one that was added
// to it.
func (e *exporter) checkNames() error {
	for i := range e.m.graph.nodes {
		name := e.m.graph.nodes[i].name
		if _, ok := e.constants[name]; ok {
			return UnsupportedError(fmt.Sprintf("two values would be called %q", name))
		}
		e.constants[name] = -1
	}
	return e.clash
}

// info describes an input or output: any number of images.
func info(v *nn.Value) valueInfo {
	i := valueInfo{name: v.Name}
	i.typ.tensor.elem = typeFloat
	for d, size := range v.Type.Shape {
		if d == 0 {
			i.typ.tensor.shape.dims = append(i.typ.tensor.shape.dims, dim{name: "N"})
			continue
		}
		i.typ.tensor.shape.dims = append(i.typ.tensor.shape.dims, dim{value: int64(size)})
	}
	return i
}

// layer appends the nodes of a layer, and of the rounding of its output.
func (e *exporter) layer(n *nn.Node) error {
	k := n.Op.Kind()
	if int(k) >= len(exporters) || exporters[k] == nil {
		return UnsupportedError(fmt.Sprintf("ONNX has no form for a %v layer", k))
	}
	o, weighted := n.Operands()
	for _, v := range n.In {
		switch {
		case e.names[v] != "":
		case v.Data == nil:
			return UnsupportedError("parameter " + v.Name + " has no data; bind weights to the network first")
		case !weighted && k != nn.KindBatchNorm || v == o.X || v == o.Residual:
			return UnsupportedError("parameter " + v.Name + " is used as an activation")
		}
	}
	y := n.Out[0]
	real, err := exporters[k](e, n)
	if err != nil {
		return err
	}
	e.names[y] = real
	if y.Type.Quant == nil {
		return nil
	}
	return e.quantize(y, real, y.Name)
}

// result is the name for the real values of a layer's output: that of the value,
// unless they are rounded, for which it is kept.
func result(n *nn.Node) string {
	if n.Out[0].Type.Quant != nil {
		return n.Out[0].Name + ".real"
	}
	return n.Out[0].Name
}

// add appends a node with an output of that name.
func (e *exporter) add(op, out string, in ...string) *node {
	e.m.graph.nodes = append(e.m.graph.nodes, node{name: out, op: op, in: in, out: []string{out}})
	return &e.m.graph.nodes[len(e.m.graph.nodes)-1]
}

func (n *node) setInts(name string, v ...int) {
	a := attribute{name: name, kind: attrInts}
	for _, x := range v {
		a.ints = append(a.ints, int64(x))
	}
	n.attrs = append(n.attrs, a)
}

func (n *node) setInt(name string, v int) {
	n.attrs = append(n.attrs, attribute{name: name, kind: attrInt, i: int64(v)})
}

func (n *node) setFloat(name string, v float32) {
	n.attrs = append(n.attrs, attribute{name: name, kind: attrFloat, f: v})
}

// constant adds an initializer, unless it is there, and returns its name.
func (e *exporter) constant(name string, kind elemType, raw []byte, dims ...int) string {
	t := tensorProto{name: name, kind: kind, raw: raw}
	for _, d := range dims {
		t.dims = append(t.dims, int64(d))
	}
	all := &e.m.graph.initializers
	if i, ok := e.constants[name]; !ok {
		e.constants[name] = len(*all)
		*all = append(*all, t)
	} else if old := (*all)[i]; old.kind != kind || !slices.Equal(old.dims, t.dims) || !bytes.Equal(old.raw, raw) {
		e.clash = UnsupportedError(fmt.Sprintf("two constants would be called %q", name))
	}
	return name
}

func (e *exporter) floats(name string, v []float32, dims ...int) string {
	raw := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(x))
	}
	return e.constant(name, typeFloat, raw, dims...)
}

// numbers adds a list of integers.
func (e *exporter) numbers(name string, v ...int) string {
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	return e.constant(name, typeInt64, raw, len(v))
}

// param adds a real-valued parameter.
func (e *exporter) param(v *nn.Value) (string, error) {
	if v.Type.DType != tensor.Float32 {
		return "", UnsupportedError(fmt.Sprintf("parameter %s is %v", v.Name, v.Type))
	}
	return e.floats(v.Name, v.Data.Float32(), v.Type.Shape...), nil
}

// exporters hold, by nn.Kind, what appends the nodes of a layer. They return the
// name of its output before it is rounded.
var exporters = [...]func(e *exporter, n *nn.Node) (string, error){
	nn.KindConv2d:          exportConv2d,
	nn.KindLinear:          exportLinear,
	nn.KindBatchNorm:       exportBatchNorm,
	nn.KindActivate:        exportActivate,
	nn.KindMaxPool:         exportMaxPool,
	nn.KindAvgPool:         exportAvgPool,
	nn.KindGlobalAvgPool:   simple("GlobalAveragePool"),
	nn.KindAdaptiveAvgPool: exportAdaptiveAvgPool,
	nn.KindAdd:             exportAdd,
	nn.KindMul:             exportMul,
	nn.KindConcat:          exportConcat,
	nn.KindPad:             exportPad,
	nn.KindSubsample:       exportSubsample,
	nn.KindSelect:          exportSelect,
	nn.KindFlatten:         simple("Flatten"),
	nn.KindSoftmax:         simple("Softmax"),
	nn.KindQuantize:        passThrough,
	nn.KindDequantize:      passThrough,
}

// simple exports a layer that is an operator of one input.
func simple(op string) func(*exporter, *nn.Node) (string, error) {
	return func(e *exporter, n *nn.Node) (string, error) {
		return e.add(op, result(n), e.names[n.In[0]]).name, nil
	}
}

// passThrough exports the layers that round and unround: the rounding is that of
// every value on a grid, and what reads one reads real values anyway.
func passThrough(e *exporter, n *nn.Node) (string, error) { return e.names[n.In[0]], nil }

// activated appends a fused activation of x, whose name starts with out, or
// names its result out if there is none.
func (e *exporter) activated(out string, act nn.Activation, layer func(out string)) string {
	if act == nn.NoAct {
		layer(out)
		return out
	}
	layer(out + ".linear")
	e.activate(out, out+".linear", act)
	return out
}

func (e *exporter) activate(out, x string, act nn.Activation) {
	switch act {
	case nn.ReLU:
		e.add("Relu", out, x)
	case nn.ReLU6:
		e.add("Clip", out, x, e.floats("mixq.0", []float32{0}), e.floats("mixq.6", []float32{6}))
	case nn.Sigmoid:
		e.add("Sigmoid", out, x)
	case nn.HardSigmoid:
		e.add("HardSigmoid", out, x).setFloat("alpha", 1./6)
	case nn.HardSwish:
		e.add("HardSwish", out, x)
	case nn.SiLU:
		e.add("Sigmoid", out+".sigmoid", x)
		e.add("Mul", out, x, out+".sigmoid")
	default:
		e.add("Identity", out, x)
	}
}

func exportConv2d(e *exporter, n *nn.Node) (string, error) {
	op := n.Op.(*nn.Conv2d)
	o, _ := n.Operands()
	in, err := e.operands(n, o)
	if err != nil {
		return "", err
	}
	p := op.Conv2dParams
	conv := func(out string) {
		c := e.add("Conv", out, in...)
		c.setInts("kernel_shape", p.KernelH, p.KernelW)
		c.setInts("strides", p.StrideH, p.StrideW)
		c.setInts("dilations", p.DilationH, p.DilationW)
		c.setInts("pads", p.PadTop, p.PadLeft, p.PadBottom, p.PadRight)
		c.setInt("group", p.Groups)
	}
	return e.activated(result(n), op.Act, func(out string) {
		if o.Residual == nil {
			conv(out)
			return
		}
		conv(out + ".conv")
		e.add("Add", out, out+".conv", e.names[o.Residual])
	}), nil
}

func exportLinear(e *exporter, n *nn.Node) (string, error) {
	o, _ := n.Operands()
	in, err := e.operands(n, o)
	if err != nil {
		return "", err
	}
	return e.activated(result(n), n.Op.(*nn.Linear).Act, func(out string) {
		e.add("Gemm", out, in...).setInt("transB", 1)
	}), nil
}

func exportBatchNorm(e *exporter, n *nn.Node) (string, error) {
	in := []string{e.names[n.In[0]]}
	for _, v := range n.In[1:] {
		name, err := e.param(v)
		if err != nil {
			return "", err
		}
		in = append(in, name)
	}
	b := e.add("BatchNormalization", result(n), in...)
	b.setFloat("epsilon", n.Op.(*nn.BatchNorm).Eps)
	return b.name, nil
}

func exportActivate(e *exporter, n *nn.Node) (string, error) {
	out := result(n)
	e.activate(out, e.names[n.In[0]], n.Op.(*nn.Activate).Act)
	return out, nil
}

func exportMaxPool(e *exporter, n *nn.Node) (string, error) {
	return e.pool("MaxPool", n, n.Op.(*nn.MaxPool).Pool2dParams).name, nil
}

func exportAvgPool(e *exporter, n *nn.Node) (string, error) {
	p := n.Op.(*nn.AvgPool).Pool2dParams
	a := e.pool("AveragePool", n, p)
	if p.CountIncludePad {
		a.setInt("count_include_pad", 1)
	}
	return a.name, nil
}

// pool appends a pooling. Runtimes disagree about windows that hang over the end
// (ceil_mode), so they are made of padding, except where that would be counted.
func (e *exporter) pool(op string, n *nn.Node, p kernel.Pool2dParams) *node {
	a := e.add(op, result(n), e.names[n.In[0]])
	a.setInts("kernel_shape", p.KernelH, p.KernelW)
	a.setInts("strides", p.StrideH, p.StrideW)
	if p.CeilMode && !p.CountIncludePad {
		in, out := n.In[0].Type.Shape, n.Out[0].Type.Shape
		p.PadBottom = max((out[2]-1)*p.StrideH+p.KernelH-in[2]-p.PadTop, p.PadBottom)
		p.PadRight = max((out[3]-1)*p.StrideW+p.KernelW-in[3]-p.PadLeft, p.PadRight)
	} else if p.CeilMode {
		a.setInt("ceil_mode", 1)
	}
	a.setInts("pads", p.PadTop, p.PadLeft, p.PadBottom, p.PadRight)
	return a
}

// exportAdaptiveAvgPool knows windows of one size.
func exportAdaptiveAvgPool(e *exporter, n *nn.Node) (string, error) {
	op, in := n.Op.(*nn.AdaptiveAvgPool), n.In[0].Type.Shape
	h, w := in[2]/op.OutH, in[3]/op.OutW
	if h*op.OutH != in[2] || w*op.OutW != in[3] {
		return "", UnsupportedError(fmt.Sprintf("ONNX has no form for an adaptive pooling of %dx%d to %dx%d", in[2], in[3], op.OutH, op.OutW))
	}
	return e.pool("AveragePool", n, kernel.Pool2dParams{KernelH: h, KernelW: w, StrideH: h, StrideW: w}).name, nil
}

func exportAdd(e *exporter, n *nn.Node) (string, error) {
	return e.activated(result(n), n.Op.(*nn.Add).Act, func(out string) {
		e.add("Add", out, e.names[n.In[0]], e.names[n.In[1]])
	}), nil
}

// exportMul gives a gate [N,C] the rows and columns that ONNX wants.
func exportMul(e *exporter, n *nn.Node) (string, error) {
	out, gate := result(n), e.names[n.In[1]]
	if len(n.In[1].Type.Shape) == 2 && len(n.In[0].Type.Shape) == 4 {
		gate = e.add("Unsqueeze", out+".gate", gate, e.numbers("mixq.rows_columns", 2, 3)).name
	}
	return e.add("Mul", out, e.names[n.In[0]], gate).name, nil
}

func exportConcat(e *exporter, n *nn.Node) (string, error) {
	var in []string
	for _, v := range n.In {
		in = append(in, e.names[v])
	}
	c := e.add("Concat", result(n), in...)
	c.setInt("axis", 1)
	return c.name, nil
}

func exportPad(e *exporter, n *nn.Node) (string, error) {
	op, out := n.Op.(*nn.Pad), result(n)
	pads := e.numbers(out+".pads", 0, 0, op.Top, op.Left, 0, 0, op.Bottom, op.Right)
	return e.add("Pad", out, e.names[n.In[0]], pads).name, nil
}

func exportSubsample(e *exporter, n *nn.Node) (string, error) {
	op, out, s := n.Op.(*nn.Subsample), result(n), n.In[0].Type.Shape
	e.add("Slice", out+".kept", e.names[n.In[0]], e.numbers("mixq.0_0", 0, 0), e.numbers(out+".ends", s[2], s[3]),
		e.numbers("mixq.rows_columns", 2, 3), e.numbers(out+".steps", op.Stride, op.Stride))
	pads := e.numbers(out+".pads", 0, op.Before, 0, 0, 0, op.After, 0, 0)
	return e.add("Pad", out, out+".kept", pads).name, nil
}

func exportSelect(e *exporter, n *nn.Node) (string, error) {
	out := result(n)
	g := e.add("Gather", out, e.names[n.In[0]], e.numbers(out+".channels", n.Op.(*nn.Select).Channels...))
	g.setInt("axis", 1)
	return out, nil
}
