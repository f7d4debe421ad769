package rewrite

import (
	"slices"

	"mixq/nn"
)

// DeadCode removes layers whose outputs nothing reads.
var DeadCode = Rewrite{"remove dead layers", deadCode}

func deadCode(g *nn.Graph) (int, error) {
	live := map[*nn.Value]bool{}
	for _, v := range g.Outputs {
		live[v] = true
	}
	before := len(g.Nodes)
	kept := make([]*nn.Node, 0, before)
	for _, n := range slices.Backward(g.Nodes) {
		if !slices.ContainsFunc(n.Out, func(v *nn.Value) bool { return live[v] }) {
			continue
		}
		for _, v := range n.In {
			live[v] = true
		}
		kept = append(kept, n)
	}
	slices.Reverse(kept)
	g.Nodes = kept
	return before - len(kept), nil
}
