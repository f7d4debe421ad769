package train

import (
	"mixq/autograd"
	"mixq/nn"
	"mixq/tensor"
)

// Normalise returns a copy of g whose batch-norms hold, as running statistics,
// those that the batch x gives them when each normalises by it: uint8 [N,C,H,W]
// for a graph with a pixel table or else float32. A network with random weights
// gets activations of ordinary size by it, as training would have seen to.
func Normalise(g *nn.Graph, x *tensor.Tensor, threads int) (*nn.Graph, error) {
	c := g.Clone()
	in, err := realInput(c, x)
	if err != nil {
		return nil, err
	}
	t := autograd.NewTape(threads)
	pass, err := Forward(t, c, []*autograd.Var{t.Const(in)}, Options{Train: true, Constant: true})
	if err != nil {
		return nil, err
	}
	for _, s := range pass.Stats {
		s.Node.In[3].Data = s.Mean.Clone()
		s.Node.In[4].Data = s.Variance.Clone()
	}
	return c, nil
}
