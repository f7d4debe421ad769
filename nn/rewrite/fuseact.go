package rewrite

import "mixq/nn"

// FuseAct moves an activation that only bounds values into the convolution,
// linear layer or addition before it, if nothing else reads that layer.
var FuseAct = Rewrite{"fuse activation", fuseAct}

func fuseAct(g *nn.Graph) (int, error) {
	changed := 0
	for _, act := range append([]*nn.Node(nil), g.Nodes...) {
		a, ok := act.Op.(*nn.Activate)
		if !ok || !a.Act.IsClamp() || soleConsumer(g, act.In[0]) != act {
			continue
		}
		p := producer(g, act.In[0])
		if p == nil {
			continue
		}
		op, ok := withAct(p.Op, a.Act)
		if !ok {
			continue
		}
		p.Op, p.Out = op, act.Out
		remove(g, act)
		changed++
	}
	return changed, nil
}

// withAct returns op followed by activation a, if op can hold one more.
func withAct(op nn.Op, a nn.Activation) (nn.Op, bool) {
	switch o := op.(type) {
	case *nn.Conv2d:
		c := *o
		c.Act = a
		return &c, o.Act == nn.NoAct
	case *nn.Linear:
		c := *o
		c.Act = a
		return &c, o.Act == nn.NoAct
	case *nn.Add:
		c := *o
		c.Act = a
		return &c, o.Act == nn.NoAct
	}
	return nil, false
}
