// Package rewrite holds the changes to a graph that preserve its real-valued
// function: folding batch-norm, fusing activations and residual additions,
// removing what nothing reads. Which operations are fused is decided here, in
// the graph that is written to a file, never by the executor (NUMERICS.md 6).
package rewrite

import (
	"fmt"
	"slices"

	"mixq/nn"
)

// Rewrite is one function-preserving change. Apply edits the graph, which it
// owns, and says how many places it changed.
type Rewrite struct {
	Name  string
	Apply func(*nn.Graph) (changed int, err error)
}

// Deploy is the sequence that prepares a trained network for execution.
func Deploy() []Rewrite { return []Rewrite{FoldBN, FuseAct, FuseAdd, DeadCode} }

// Quantizable is the sequence that prepares a trained network for quantization:
// no layer is left that cannot run in integers, and rounding finds a bias to
// correct everywhere.
func Quantizable() []Rewrite {
	return []Rewrite{FoldBN, ConvBN, FuseAct, FuseAdd, DeadCode, AddBias}
}

// Run applies the rewrites in order to a copy of g and validates the result.
func Run(g *nn.Graph, rs ...Rewrite) (*nn.Graph, error) {
	c := g.Clone()
	for _, r := range rs {
		if _, err := r.Apply(c); err != nil {
			return nil, fmt.Errorf("rewrite: %s: %w", r.Name, err)
		}
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// soleConsumer returns the only node that reads v, or nil if there are several
// or none or if v is an output of the graph.
func soleConsumer(g *nn.Graph, v *nn.Value) *nn.Node {
	if slices.Contains(g.Outputs, v) {
		return nil
	}
	var only *nn.Node
	for _, n := range g.Nodes {
		for _, in := range n.In {
			if in != v {
				continue
			}
			if only != nil {
				return nil
			}
			only = n
		}
	}
	return only
}

// producer returns the node that computes v, or nil.
func producer(g *nn.Graph, v *nn.Value) *nn.Node {
	for _, n := range g.Nodes {
		if slices.Contains(n.Out, v) {
			return n
		}
	}
	return nil
}

func remove(g *nn.Graph, n *nn.Node) {
	g.Nodes = slices.DeleteFunc(g.Nodes, func(m *nn.Node) bool { return m == n })
}
