package quantize

import (
	"slices"

	"mixq/nn"
)

// group is a set of activation values that must share one grid because layers
// between them only move codes (NUMERICS.md 8 and 10).
type group struct {
	values []*nn.Value // all of them
	source []*nn.Value // those that are computed or given, not moved: their data decides the range
}

// name identifies a group in products: its first value in execution order.
func (t group) name() string { return t.values[0].Name }

// groups lists the quantized values of g that share their grids, in execution
// order.
func groups(g *nn.Graph) []group {
	var out []*group
	of := map[*nn.Value]*group{}
	start := func(v *nn.Value) {
		t := &group{values: []*nn.Value{v}, source: []*nn.Value{v}}
		of[v] = t
		out = append(out, t)
	}
	for _, v := range g.Inputs {
		start(v)
	}
	for _, n := range g.Nodes {
		v := n.Out[0]
		switch {
		case isReal(g, n):
		case !n.Op.Kind().CodesMove():
			start(v)
		default:
			first := of[n.In[0]]
			for _, in := range n.In[1:] {
				if other := of[in]; other != first {
					first.merge(other, of)
					out = slices.DeleteFunc(out, func(t *group) bool { return t == other })
				}
			}
			first.values = append(first.values, v)
			of[v] = first
		}
	}
	ts := make([]group, len(out))
	for i, t := range out {
		ts[i] = *t
	}
	return ts
}

func (t *group) merge(other *group, of map[*nn.Value]*group) {
	t.values = append(t.values, other.values...)
	t.source = append(t.source, other.source...)
	for _, v := range other.values {
		of[v] = t
	}
}

// isReal reports whether the output of n stays real-valued: the logits of the
// last convolution or linear layer, and whatever is computed from them
// (NUMERICS.md 12).
func isReal(g *nn.Graph, n *nn.Node) bool {
	switch n.Op.Kind() {
	case nn.KindSoftmax:
		return true
	case nn.KindConv2d, nn.KindLinear:
	default:
		return false
	}
	for _, m := range g.Nodes {
		if slices.Contains(m.In, n.Out[0]) && m.Op.Kind() != nn.KindSoftmax {
			return false
		}
	}
	return true
}
