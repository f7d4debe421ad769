package rewrite

import (
	"slices"

	"mixq/nn"
)

// FuseAdd moves a residual addition, with its activation, into the convolution
// that computes one of its inputs, if nothing else reads that convolution. Of
// two candidates the later one is taken. Run it after FuseAct.
var FuseAdd = Rewrite{"fuse residual add", fuseAdd}

func fuseAdd(g *nn.Graph) (int, error) {
	changed := 0
	for _, add := range append([]*nn.Node(nil), g.Nodes...) {
		op, ok := add.Op.(*nn.Add)
		if !ok {
			continue
		}
		conv, residual := addCandidate(g, add)
		if conv == nil {
			continue
		}
		c := *conv.Op.(*nn.Conv2d)
		c.Residual, c.Act = true, op.Act
		conv.Op = &c
		conv.In = append(slices.Clip(conv.In), residual)
		conv.Out = add.Out
		remove(g, conv) // the residual may be computed between the two: take the place of the addition
		g.Nodes[slices.Index(g.Nodes, add)] = conv
		changed++
	}
	return changed, nil
}

func addCandidate(g *nn.Graph, add *nn.Node) (conv *nn.Node, residual *nn.Value) {
	best := -1
	for i, v := range add.In {
		p := producer(g, v)
		if p == nil || soleConsumer(g, v) != add {
			continue
		}
		op, ok := p.Op.(*nn.Conv2d)
		at := slices.Index(g.Nodes, p)
		if ok && op.Act == nn.NoAct && !op.Residual && at > best {
			best, conv, residual = at, p, add.In[1-i]
		}
	}
	return conv, residual
}
