package rewrite

import (
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// AddBias gives every convolution and linear layer without a bias a bias of
// zeros, which rounding then corrects.
var AddBias = Rewrite{"add bias", addBias}

func addBias(g *nn.Graph) (int, error) {
	changed := 0
	for _, n := range g.Nodes {
		o, ok := n.Operands()
		if !ok || o.Bias != nil {
			continue
		}
		cout := o.Weight.Type.Shape[0]
		bias := &nn.Value{Name: n.Name + ".bias", Type: nn.Real(cout), Data: tensor.New(tensor.Float32, cout)}
		n.In = slices.Insert(slices.Clone(n.In), 2, bias)
		switch op := n.Op.(type) {
		case *nn.Conv2d:
			c := *op
			c.Bias = true
			n.Op = &c
		case *nn.Linear:
			c := *op
			c.Bias = true
			n.Op = &c
		}
		changed++
	}
	return changed, nil
}
