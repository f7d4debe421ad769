package nn

import (
	"fmt"
	"slices"

	"mixq/tensor"
)

// Graph is a network. Nodes are topologically sorted: a node comes after the
// nodes that produce its inputs.
type Graph struct {
	Name    string
	Inputs  []*Value
	Outputs []*Value
	Nodes   []*Node
	Pixels  PixelTable // how image bytes become the (single) input; nil if the input is not an image
}

// PixelTable gives the real value of each pixel byte, per input channel: the
// normalisation that a network was trained with (NUMERICS.md 13).
type PixelTable [][256]float32

// Node is one layer. Its name identifies it in plans and reports; rewrites
// never rename nodes.
type Node struct {
	Name string
	Op   Op
	In   []*Value // data inputs first, then parameters; each Op documents its order
	Out  []*Value
}

// Value is an edge of the graph: an input, the output of a node, or a
// parameter. A parameter is a value that no node produces and that is not a
// graph input; its Data is nil until Bind. Data is shared between clones:
// it is replaced, never written to.
type Value struct {
	Name string
	Type Type
	Data *tensor.Tensor
}

// Params returns the parameters in the order of their first use.
func (g *Graph) Params() []*Value {
	known := map[*Value]bool{}
	for _, v := range g.Inputs {
		known[v] = true
	}
	var ps []*Value
	for _, n := range g.Nodes {
		for _, v := range n.In {
			if !known[v] {
				known[v] = true
				ps = append(ps, v)
			}
		}
		for _, v := range n.Out {
			known[v] = true
		}
	}
	return ps
}

// Node returns the node of that name, or nil.
func (g *Graph) Node(name string) *Node {
	for _, n := range g.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// MACs is the number of multiply-accumulates of one run.
func (g *Graph) MACs() int64 {
	var sum int64
	for _, n := range g.Nodes {
		sum += n.MACs()
	}
	return sum
}

// MACs is the number of multiply-accumulates of the node.
func (n *Node) MACs() int64 { return n.Op.MACs(types(n.In), types(n.Out)) }

// NumParams is the number of parameter elements.
func (g *Graph) NumParams() int64 {
	var sum int64
	for _, v := range g.Params() {
		sum += int64(v.Type.Shape.Elems())
	}
	return sum
}

func types(vs []*Value) []Type {
	ts := make([]Type, len(vs))
	for i, v := range vs {
		ts[i] = v.Type
	}
	return ts
}

// Clone copies nodes and values; tensors, grids and ops are shared, because
// they are replaced and never changed.
func (g *Graph) Clone() *Graph {
	c := &Graph{Name: g.Name, Pixels: g.Pixels}
	seen := map[*Value]*Value{}
	c.Inputs = cloneValues(g.Inputs, seen)
	for _, n := range g.Nodes {
		c.Nodes = append(c.Nodes, cloneNode(n, seen))
	}
	c.Outputs = cloneValues(g.Outputs, seen)
	return c
}

func cloneNode(n *Node, seen map[*Value]*Value) *Node {
	return &Node{Name: n.Name, Op: n.Op, In: cloneValues(n.In, seen), Out: cloneValues(n.Out, seen)}
}

func cloneValues(vs []*Value, seen map[*Value]*Value) []*Value {
	out := make([]*Value, len(vs))
	for i, v := range vs {
		c := seen[v]
		if c == nil {
			c = &Value{Name: v.Name, Type: v.Type, Data: v.Data}
			seen[v] = c
		}
		out[i] = c
	}
	return out
}

// WithBatch returns a copy of g for n images at a time: the leading dimension
// of every activation becomes n. It fails if a node cannot take that shape.
func (g *Graph) WithBatch(n int) (*Graph, error) {
	if n <= 0 {
		return nil, fmt.Errorf("nn: %s: batch %d, want at least 1", g.Name, n)
	}
	c := g.Clone()
	for _, v := range c.Inputs {
		v.Type.Shape = v.Type.Shape.Clone()
		v.Type.Shape[0] = n
	}
	for _, node := range c.Nodes {
		out, err := node.infer()
		if err != nil {
			return nil, err
		}
		for i, v := range node.Out {
			v.Type.Shape = out[i].Shape
		}
	}
	return c, nil
}

// Extract returns the part of g that computes outputs from inputs, as a graph
// of its own (values and nodes are copies). Values named in inputs become its
// inputs even if g computes them. It fails if an output depends on a graph
// input that is not listed. The pixel table is kept when g's own input is an
// input of the part.
func (g *Graph) Extract(inputs, outputs []*Value) (*Graph, error) {
	cut := map[*Value]bool{}
	for _, v := range inputs {
		cut[v] = true
	}
	need := map[*Value]bool{}
	for _, v := range outputs {
		need[v] = true
	}
	var keep []*Node
	for _, n := range slices.Backward(g.Nodes) {
		if !slices.ContainsFunc(n.Out, func(v *Value) bool { return need[v] && !cut[v] }) {
			continue
		}
		keep = append(keep, n)
		for _, v := range n.In {
			need[v] = true
		}
	}
	for _, v := range g.Inputs {
		if need[v] && !cut[v] {
			return nil, fmt.Errorf("nn: %s: a part of the graph depends on input %s, which is not among its inputs", g.Name, v.Name)
		}
	}
	p := &Graph{Name: g.Name}
	if len(inputs) == 1 && slices.Contains(g.Inputs, inputs[0]) {
		p.Pixels = g.Pixels
	}
	seen := map[*Value]*Value{}
	p.Inputs = cloneValues(inputs, seen)
	for _, n := range slices.Backward(keep) {
		p.Nodes = append(p.Nodes, cloneNode(n, seen))
	}
	p.Outputs = cloneValues(outputs, seen)
	return p, nil
}
