package train

import (
	"math"
	"math/rand/v2"

	"mixq/nn"
	"mixq/tensor"
)

// Init returns a copy of g with fresh parameters: weights of convolutions and
// linear layers normal with variance 2/fan_in (He et al. 2015, equation 10),
// biases zero, batch-norm the identity. The draws of a parameter depend on the
// seed and on its place in g.Params.
func Init(g *nn.Graph, seed uint64) *nn.Graph {
	c := g.Clone()
	place := map[*nn.Value]uint64{}
	for i, v := range c.Params() {
		place[v] = uint64(i)
		v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
	}
	for _, n := range c.Nodes {
		if o, ok := n.Operands(); ok {
			kaiming(o.Weight.Data, rand.New(rand.NewPCG(seed, place[o.Weight])))
		}
		if n.Op.Kind() == nn.KindBatchNorm {
			fill(n.In[1].Data, 1) // weight
			fill(n.In[4].Data, 1) // running variance
		}
	}
	return c
}

func kaiming(w *tensor.Tensor, r *rand.Rand) {
	std := math.Sqrt(2 / float64(w.Shape()[1:].Elems()))
	x := w.Float32()
	for i := range x {
		x[i] = float32(r.NormFloat64() * std)
	}
}

func fill(t *tensor.Tensor, v float32) {
	x := t.Float32()
	for i := range x {
		x[i] = v
	}
}
