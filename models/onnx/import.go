package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mixq/nn"
	"mixq/tensor"
)

// Read reads the network in the file at path, with its weights. Layers with
// weights are named after them if they are called "....weight", as PyTorch calls
// them, else as their nodes. Errors name the file.
func Read(path string) (*nn.Graph, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	g, err := decode(data, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	base := filepath.Base(path)
	g.Name = strings.TrimSuffix(base, filepath.Ext(base))
	return g, nil
}

// Decode reads the network in data, which must not refer to other files. Its
// constants may share the memory of data.
func Decode(data []byte) (*nn.Graph, error) { return decode(data, "") }

func decode(data []byte, dir string) (*nn.Graph, error) {
	var m model
	var r wireReader
	if err := r.message(data, &m); err != nil {
		return nil, FormatError("not an ONNX model: " + err.Error())
	}
	if len(m.graph.nodes) == 0 || len(m.graph.outputs) == 0 {
		return nil, FormatError("the model has no graph; is this an ONNX file?")
	}
	version := m.opset()
	if version < minOpset || version > maxOpset {
		return nil, UnsupportedError(fmt.Sprintf("opset %d; export the model with one of %d to %d", version, minOpset, maxOpset))
	}
	im := &importer{opset: version, values: map[string]*value{}, used: map[string]bool{}, names: map[string]int{},
		producer: map[*nn.Value]*nn.Node{}, g: &nn.Graph{Name: m.graph.name},
		constants: constants{dir: dir, budget: budgetBase + budgetFactor*int64(len(data)), seen: map[string]bool{}}}
	if err := im.graph(&m.graph); err != nil {
		return nil, err
	}
	return im.g, im.g.Validate()
}

// opset is the version of the standard operators.
func (m *model) opset() int64 {
	for _, o := range m.opsets {
		if isStandard(o.domain) {
			return o.version
		}
	}
	return 1
}

func isStandard(domain string) bool { return domain == "" || domain == "ai.onnx" }

// importer turns the nodes of a model into layers, in order.
type importer struct {
	constants
	opset    int64
	values   map[string]*value
	used     map[string]bool // values that a node or output reads
	names    map[string]int  // how often a name was given out
	producer map[*nn.Value]*nn.Node
	g        *nn.Graph
	problems []string // unsupported nodes
}

// value is what a name of the model stands for: a constant, or a view of
// something that the network computes, or, with neither, the result of a node
// that is not supported.
type value struct {
	c *constant
	v *nn.Value
	// dims is the shape of the view; elements are in the order of v, but with
	// channels permuted as order says if it is not nil.
	dims  []int
	order []int
}

func computed(v *nn.Value) *value { return &value{v: v, dims: v.Type.Shape} }

// isWhole reports whether x is all of what the network computes, as it does.
func (x *value) isWhole() bool { return x.order == nil && slices.Equal(x.dims, x.v.Type.Shape) }

// graph reads everything. Unsupported nodes are reported together.
func (im *importer) graph(g *graph) error {
	if len(g.sparse) > 0 {
		return UnsupportedError("sparse initializers")
	}
	for i := range g.initializers {
		t := &g.initializers[i]
		c, err := im.read(t)
		if err != nil {
			return within(fmt.Sprintf("initializer %q: ", t.name), err)
		}
		im.values[t.name] = &value{c: c, dims: c.dims}
	}
	if err := im.inputs(g); err != nil {
		return err
	}
	for i := range g.nodes {
		for _, name := range g.nodes[i].in {
			im.used[name] = true
		}
	}
	for i := range g.outputs {
		im.used[g.outputs[i].name] = true
	}
	for i := range g.nodes {
		if err := im.node(&g.nodes[i], i); err != nil {
			return err
		}
	}
	if len(im.problems) > 0 {
		return UnsupportedError(fmt.Sprintf("the model uses what mixq does not know: %s", strings.Join(im.problems, "; ")))
	}
	return im.outputs(g)
}

// within puts a place before the text of an error of this package.
func within(place string, err error) error {
	switch e := err.(type) {
	case FormatError:
		return FormatError(place + string(e))
	case UnsupportedError:
		return UnsupportedError(place + string(e))
	}
	return fmt.Errorf("onnx: %s%w", place, err)
}

// inputs declares the inputs of the network: those without an initializer.
func (im *importer) inputs(g *graph) error {
	for i := range g.inputs {
		in := &g.inputs[i]
		if im.values[in.name] != nil {
			continue
		}
		shape, err := inputShape(&in.typ.tensor)
		if err != nil {
			return within(fmt.Sprintf("input %q: ", in.name), err)
		}
		v := &nn.Value{Name: im.unique(in.name), Type: nn.Real(shape...)}
		im.g.Inputs = append(im.g.Inputs, v)
		im.values[in.name] = computed(v)
	}
	if len(im.g.Inputs) == 0 {
		return UnsupportedError("a model without inputs")
	}
	return nil
}

func inputShape(t *tensorType) (tensor.Shape, error) {
	if t.elem != typeFloat {
		return nil, UnsupportedError(fmt.Sprintf("element type %d; only models that take float32 are supported", t.elem))
	}
	shape := make(tensor.Shape, len(t.shape.dims))
	for i, d := range t.shape.dims {
		switch {
		case i == 0 && (d.name != "" || d.value <= 0):
			shape[i] = 1
		case d.name != "" || d.value <= 0 || d.value > 1<<24:
			return nil, UnsupportedError(fmt.Sprintf("dimension %d is %d %s; export the model for images of one size", i, d.value, d.name))
		default:
			shape[i] = int(d.value)
		}
	}
	if len(shape) != 2 && len(shape) != 4 || !shape.Valid() {
		return nil, UnsupportedError(fmt.Sprintf("shape %v, want N,C,H,W or N,C", []int(shape)))
	}
	if shape[0] != 1 {
		return nil, UnsupportedError(fmt.Sprintf("a batch of %d; export the model for one image or a variable number", shape[0]))
	}
	return shape, nil
}

// node makes a constant or layers of one node.
func (im *importer) node(n *node, index int) error {
	if n.name == "" {
		n.name = fmt.Sprintf("%s_%d", strings.ToLower(n.op), index)
	}
	in := make([]*value, len(n.in))
	for i, name := range n.in {
		if name == "" {
			continue // an optional input that is absent
		}
		if in[i] = im.values[name]; in[i] == nil {
			return FormatError(fmt.Sprintf("node %q (%s): input %q is not computed before it", n.name, n.op, name))
		}
		if in[i].c == nil && in[i].v == nil {
			im.define(n, nil) // depends on an unsupported node
			return nil
		}
	}
	out, err := im.run(n, in)
	var unsupported UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		im.problems = append(im.problems, fmt.Sprintf("node %q (%s, opset %d): %s", n.name, n.op, im.opset, string(unsupported)))
	case err != nil:
		return within(fmt.Sprintf("node %q (%s, opset %d): ", n.name, n.op, im.opset), err)
	}
	im.define(n, out)
	return nil
}

// define names the outputs of a node; those that are missing are unknown.
func (im *importer) define(n *node, out []*value) {
	for i, name := range n.out {
		im.values[name] = &value{}
		if i < len(out) && out[i] != nil {
			im.values[name] = out[i]
		}
	}
}

// run finds the operator of n.
func (im *importer) run(n *node, in []*value) ([]*value, error) {
	if !isStandard(n.domain) {
		return nil, UnsupportedError(fmt.Sprintf("an operator of %s", n.domain))
	}
	at := slices.IndexFunc(operators[:], func(o operator) bool { return o.name == n.op })
	if at < 0 {
		return nil, UnsupportedError("the operator is not supported")
	}
	op := operators[at]
	if len(in) < op.inputs || slices.Contains(in[:op.inputs], nil) {
		return nil, FormatError(fmt.Sprintf("%d inputs, want at least %d", len(in), op.inputs))
	}
	if op.fold != nil && !slices.ContainsFunc(in, func(x *value) bool { return x != nil && x.c == nil }) {
		c, err := op.fold(im, n, in)
		if err != nil {
			return nil, err
		}
		return []*value{{c: c, dims: c.dims}}, nil
	}
	if op.layer == nil || op.inputs > 0 && in[0].v == nil && !op.anyFirst {
		return nil, UnsupportedError("of these constants and computed values")
	}
	return op.layer(im, n, in)
}

// outputs names the results and drops layers that none of them needs.
func (im *importer) outputs(g *graph) error {
	for i := range g.outputs {
		name := g.outputs[i].name
		x := im.values[name]
		if x == nil || x.v == nil {
			return UnsupportedError(fmt.Sprintf("output %q is a constant or not computed", name))
		}
		v, err := im.tensor(x, name)
		if err != nil {
			return within(fmt.Sprintf("output %q: ", name), err)
		}
		im.g.Outputs = append(im.g.Outputs, v)
	}
	need := map[*nn.Value]bool{}
	for _, v := range im.g.Outputs {
		need[v] = true
	}
	var kept []*nn.Node
	for _, n := range slices.Backward(im.g.Nodes) {
		if need[n.Out[0]] {
			kept = append(kept, n)
			for _, v := range n.In {
				need[v] = true
			}
		}
	}
	if len(kept) == 0 {
		return UnsupportedError("a model that computes nothing")
	}
	slices.Reverse(kept)
	im.g.Nodes = kept
	return nil
}

// apply appends a layer. Its output is on the grid of its first input if it
// moves codes.
func (im *importer) apply(name string, op nn.Op, in ...*nn.Value) (*nn.Value, error) {
	types := make([]nn.Type, len(in))
	for i, v := range in {
		types[i] = v.Type
	}
	out, err := op.Infer(types)
	if err != nil {
		return nil, FormatError(err.Error())
	}
	if !out[0].Shape.Valid() {
		return nil, UnsupportedError(fmt.Sprintf("an output of %v is too large", []int(out[0].Shape)))
	}
	y := &nn.Value{Name: im.unique(name), Type: out[0]}
	if op.Kind().CodesMove() {
		y.Type.DType, y.Type.Quant = in[0].Type.DType, in[0].Type.Quant
	}
	n := &nn.Node{Name: y.Name, Op: op, In: in, Out: []*nn.Value{y}}
	im.g.Nodes = append(im.g.Nodes, n)
	im.producer[y] = n
	return y, nil
}

// result makes the outputs of a node that is one layer.
func (im *importer) result(name string, op nn.Op, in ...*nn.Value) ([]*value, error) {
	v, err := im.apply(name, op, in...)
	if err != nil {
		return nil, err
	}
	return []*value{computed(v)}, nil
}

// unique is name, or name with a number if a layer or value is called so.
func (im *importer) unique(name string) string {
	u := name
	for im.names[u] > 0 {
		im.names[name]++
		u = fmt.Sprintf("%s_%d", name, im.names[name])
	}
	im.names[u] = 1
	return u
}

// param makes a parameter.
func (im *importer) param(name string, data []float32, shape ...int) *nn.Value {
	return &nn.Value{Name: im.unique(name), Type: nn.Real(shape...), Data: tensor.FromFloat32(data, shape...)}
}

// layerName is the name of the layer of node n, whose weight is its input i.
func layerName(n *node, i int) string {
	if name, ok := strings.CutSuffix(n.in[i], ".weight"); ok && name != "" {
		return name
	}
	return n.name
}
