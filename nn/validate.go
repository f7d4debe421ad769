package nn

import (
	"fmt"
	"math"

	"mixq/tensor"
)

// infer runs the op's Infer and names the node in its error.
func (n *Node) infer() ([]Type, error) {
	out, err := n.Op.Infer(types(n.In))
	if err != nil {
		return nil, fmt.Errorf("nn: %s: %w", n.Name, err)
	}
	for _, t := range out {
		if !t.Shape.Valid() {
			return nil, fmt.Errorf("nn: %s: output of %v is too large", n.Name, []int(t.Shape))
		}
	}
	return out, nil
}

// Validate checks the whole graph: unique names, topological order, shapes,
// grids, and that bound data agrees with its type and is finite. The error
// names the node or value.
func (g *Graph) Validate() error {
	v := validator{produced: map[*Value]bool{}, names: map[string]*Value{}, nodes: map[string]bool{}}
	for _, in := range g.Inputs {
		if err := v.define(in); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		if err := v.node(n); err != nil {
			return err
		}
	}
	for _, out := range g.Outputs {
		if !v.produced[out] {
			return fmt.Errorf("nn: %s: output %s is not computed", g.Name, out.Name)
		}
	}
	return nil
}

type validator struct {
	produced map[*Value]bool
	names    map[string]*Value
	nodes    map[string]bool
}

func (v *validator) define(x *Value) error {
	if v.names[x.Name] != nil {
		return fmt.Errorf("nn: two values are named %q", x.Name)
	}
	v.names[x.Name] = x
	v.produced[x] = true
	return x.check()
}

func (v *validator) node(n *Node) error {
	if v.nodes[n.Name] {
		return fmt.Errorf("nn: two layers are named %q", n.Name)
	}
	v.nodes[n.Name] = true
	for _, x := range n.In {
		if v.names[x.Name] == nil { // a parameter, at its first use
			v.names[x.Name] = x
			if err := x.check(); err != nil {
				return err
			}
		} else if v.names[x.Name] != x {
			return fmt.Errorf("nn: %s: two values are named %q", n.Name, x.Name)
		}
	}
	want, err := n.infer()
	if err != nil {
		return err
	}
	if len(want) != len(n.Out) {
		return fmt.Errorf("nn: %s: %d outputs, want %d", n.Name, len(n.Out), len(want))
	}
	for i, x := range n.Out {
		if !x.Type.Shape.Equal(want[i].Shape) {
			return fmt.Errorf("nn: %s: output %s is %v, want %v", n.Name, x.Name, x.Type.Shape, want[i].Shape)
		}
		if x.Data != nil {
			return fmt.Errorf("nn: %s: output %s carries data", n.Name, x.Name)
		}
		// A value that was taken for a parameter above and is computed here
		// was used before its node: define reports the second definition.
		if err := v.define(x); err != nil {
			return fmt.Errorf("nn: %s: output computed twice or used before it is computed: %w", n.Name, err)
		}
	}
	return n.checkGrids()
}

// checkGrids verifies that layers which only move codes keep the grid.
func (n *Node) checkGrids() error {
	if !n.Op.Kind().CodesMove() {
		return nil
	}
	for _, x := range n.In {
		if !x.Type.Quant.Equal(n.Out[0].Type.Quant) {
			return fmt.Errorf("nn: %s: a %v moves codes, so %s and %s must have one scale and zero point", n.Name, n.Op.Kind(), x.Name, n.Out[0].Name)
		}
	}
	return nil
}

func (x *Value) check() error {
	t := x.Type
	if !t.Shape.Valid() || !t.DType.Valid() {
		return fmt.Errorf("nn: %s: invalid type %v %v", x.Name, t.DType, t.Shape)
	}
	if err := t.checkQuant(); err != nil {
		return fmt.Errorf("nn: %s: %w", x.Name, err)
	}
	if x.Data == nil {
		return nil
	}
	if !x.Data.Shape().Equal(t.Shape) || x.Data.DType() != t.DType {
		return fmt.Errorf("nn: %s: data is %v %v, type says %v %v", x.Name, x.Data.DType(), x.Data.Shape(), t.DType, t.Shape)
	}
	if b := x.Data.PackedBits(); b > 0 && (t.Quant == nil || b != int(t.Quant.Bits)) {
		return fmt.Errorf("nn: %s: data is packed at %d bits, type says %v", x.Name, b, t)
	}
	return x.checkData()
}

// checkData rejects NaN and infinite parameters and codes outside the range, of
// which packed data has none.
func (x *Value) checkData() error {
	switch {
	case x.Type.DType == tensor.Float32:
		for i, f := range x.Data.Float32() {
			if f64 := float64(f); math.IsNaN(f64) || math.IsInf(f64, 0) {
				return fmt.Errorf("nn: %s: element %d is %v; the weights are damaged or the training diverged", x.Name, i, f)
			}
		}
	case x.Type.DType == tensor.Int8 && x.Type.Quant != nil && x.Data.PackedBits() == 0:
		lo, hi := SignedRange(x.Type.Quant.Bits)
		for i, c := range x.Data.Int8() {
			if int32(c) < lo || int32(c) > hi {
				return fmt.Errorf("nn: %s: code %d is %d, want %d to %d at %d bits", x.Name, i, c, lo, hi, x.Type.Quant.Bits)
			}
		}
	}
	return nil
}
