package rewrite

import (
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// ConvBN makes a convolution of every batch-norm: one element a channel, with the
// function of the batch-norm. Run it after FoldBN, for those that have no
// convolution before them that could take them in, as in networks that normalise
// before they convolve (Huang et al. 2017). Parameters must be bound.
var ConvBN = Rewrite{"batch-norm as convolution", convBN}

func convBN(g *nn.Graph) (int, error) {
	changed := 0
	for _, n := range g.Nodes {
		op, ok := n.Op.(*nn.BatchNorm)
		if !ok {
			continue
		}
		c := n.In[0].Type.Shape[1]
		one := tensor.New(tensor.Float32, c, 1, 1, 1)
		for i := range one.Float32() {
			one.Float32()[i] = 1
		}
		weight := &nn.Value{Name: n.In[1].Name, Type: nn.Real(c, 1, 1, 1), Data: one}
		conv := &nn.Node{Name: n.Name, In: []*nn.Value{n.In[0], weight}, Out: n.Out,
			Op: &nn.Conv2d{Conv2dParams: kernel.Conv2dParams{KernelH: 1, KernelW: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: c}}}
		if err := foldInto(conv, n, op.Eps); err != nil {
			return changed, err
		}
		*n = *conv
		changed++
	}
	return changed, nil
}
