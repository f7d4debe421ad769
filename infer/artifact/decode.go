package artifact

import (
	"fmt"

	"mixq/nn"
)

// decoder makes a graph from a header; fill then reads the blobs into it.
type decoder struct {
	h      *header
	g      *nn.Graph
	ops    []nn.Op
	values []*nn.Value
	param  []bool // by value
}

func (d *decoder) makeOps() error {
	for _, o := range d.h.Ops {
		op, err := nn.DecodeOp(o.Kind, o.Attrs)
		if err != nil {
			return FormatError(err.Error())
		}
		d.ops = append(d.ops, op)
	}
	return nil
}

// makeValues makes all values, with grids and data still empty, and finds out
// which are parameters.
func (d *decoder) makeValues() error {
	n := len(d.h.Values)
	isInput, computed := make([]bool, n), make([]bool, n)
	if err := mark(isInput, d.h.In); err != nil {
		return err
	}
	for _, nh := range d.h.Nodes {
		if err := mark(computed, nh.Out); err != nil {
			return err
		}
	}
	for i, vh := range d.h.Values {
		if computed[i] != (vh.Shape == nil) {
			return FormatError(fmt.Sprintf("%s: inputs and parameters have a shape, computed values none", vh.Name))
		}
		d.param = append(d.param, !computed[i] && !isInput[i])
		t, err := vh.vtype(d.param[i])
		if err != nil {
			return FormatError(fmt.Sprintf("%s: %v", vh.Name, err))
		}
		d.values = append(d.values, &nn.Value{Name: vh.Name, Type: t})
	}
	return nil
}

func mark(set []bool, ids []int) error {
	for _, id := range ids {
		if id < 0 || id >= len(set) {
			return badIndex("value", id, len(set))
		}
		set[id] = true
	}
	return nil
}

func badIndex(what string, id, n int) error {
	return FormatError(fmt.Sprintf("%s number %d, there are %d", what, id, n))
}

// vtype is the type that a header gives; a computed value gets its shape later.
func (h valueHeader) vtype(param bool) (nn.Type, error) {
	t := nn.Type{Shape: h.Shape, DType: h.DType}
	if t.DType == 0 {
		t.DType = impliedDType(h.Bits, param)
	}
	if !t.Shape.Valid() {
		return t, fmt.Errorf("shape %v", h.Shape)
	}
	if h.Bits == 0 {
		return t, nil
	}
	if h.Bits < 2 || h.Bits > 8 {
		return t, fmt.Errorf("%d bits, want 2 to 8", h.Bits)
	}
	t.Quant = &nn.Quant{Bits: h.Bits, Axis: h.Axis - 1}
	return t, nil
}

// makeNodes connects the layers and infers the shapes of their outputs.
func (d *decoder) makeNodes() error {
	for _, nh := range d.h.Nodes {
		if nh.Op < 0 || nh.Op >= len(d.ops) {
			return badIndex("op", nh.Op, len(d.ops))
		}
		n := &nn.Node{Name: nh.Name, Op: d.ops[nh.Op]}
		var err error
		if n.In, err = d.pick(nh.In); err != nil {
			return err
		}
		if n.Out, err = d.pick(nh.Out); err != nil {
			return err
		}
		if err := inferShapes(n); err != nil {
			return FormatError(fmt.Sprintf("%s: %v", n.Name, err))
		}
		d.g.Nodes = append(d.g.Nodes, n)
	}
	var err error
	if d.g.Inputs, err = d.pick(d.h.In); err != nil {
		return err
	}
	d.g.Outputs, err = d.pick(d.h.Out)
	return err
}

func (d *decoder) pick(ids []int) ([]*nn.Value, error) {
	vs := make([]*nn.Value, len(ids))
	for i, id := range ids {
		if id < 0 || id >= len(d.values) {
			return nil, badIndex("value", id, len(d.values))
		}
		vs[i] = d.values[id]
	}
	return vs, nil
}

func inferShapes(n *nn.Node) error {
	in := make([]nn.Type, len(n.In))
	for i, v := range n.In {
		if v.Type.Shape == nil {
			return fmt.Errorf("%s is used before it is computed", v.Name)
		}
		in[i] = v.Type
	}
	out, err := n.Op.Infer(in)
	if err != nil {
		return err
	}
	if len(out) != len(n.Out) {
		return fmt.Errorf("%d outputs, want %d", len(n.Out), len(out))
	}
	for i, v := range n.Out {
		if !out[i].Shape.Valid() {
			return fmt.Errorf("output of %v is too large", []int(out[i].Shape))
		}
		if v.Type.Shape != nil {
			return fmt.Errorf("%s is computed twice", v.Name)
		}
		v.Type.Shape = out[i].Shape
	}
	return nil
}
