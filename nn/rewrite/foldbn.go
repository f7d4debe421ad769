package rewrite

import (
	"fmt"
	"math"

	"mixq/nn"
	"mixq/tensor"
)

// FoldBN multiplies a batch-norm into the convolution before it, if nothing
// else reads that convolution: w' = w·γ/√(σ²+ε), b' = (b − μ)·γ/√(σ²+ε) + β,
// computed in float64. Parameters must be bound.
var FoldBN = Rewrite{"fold batch-norm", foldBN}

func foldBN(g *nn.Graph) (int, error) {
	changed := 0
	for _, bn := range append([]*nn.Node(nil), g.Nodes...) {
		op, ok := bn.Op.(*nn.BatchNorm)
		if !ok {
			continue
		}
		conv := producer(g, bn.In[0])
		if conv == nil || !foldable(g, conv) {
			continue
		}
		if err := foldInto(conv, bn, op.Eps); err != nil {
			return changed, err
		}
		conv.Out = bn.Out
		remove(g, bn)
		changed++
	}
	return changed, nil
}

func foldable(g *nn.Graph, n *nn.Node) bool {
	op, ok := n.Op.(*nn.Conv2d)
	return ok && op.Act == nn.NoAct && !op.Residual &&
		soleConsumer(g, n.Out[0]) != nil && soleConsumer(g, n.In[1]) == n
}

func foldInto(conv, bn *nn.Node, eps float32) error {
	o, _ := conv.Operands()
	for _, v := range append([]*nn.Value{o.Weight}, bn.In[1:]...) {
		if v.Data == nil {
			return fmt.Errorf("%s: %s has no data; bind the weights first", conv.Name, v.Name)
		}
	}
	gamma, beta := bn.In[1].Data.Float32(), bn.In[2].Data.Float32()
	mean, variance := bn.In[3].Data.Float32(), bn.In[4].Data.Float32()
	w := o.Weight.Data.Clone()
	bias := make([]float32, len(gamma))
	row := w.Len() / len(gamma)
	for c := range gamma {
		if variance[c] < 0 {
			return fmt.Errorf("%s: channel %d has variance %v", bn.Name, c, variance[c])
		}
		f := float64(gamma[c]) / math.Sqrt(float64(variance[c])+float64(eps))
		for i, x := range w.Float32()[c*row : (c+1)*row] {
			w.Float32()[c*row+i] = float32(float64(x) * f)
		}
		b := -float64(mean[c])
		if o.Bias != nil {
			b += float64(o.Bias.Data.Float32()[c])
		}
		bias[c] = float32(float64(b*f) + float64(beta[c]))
	}
	op := *conv.Op.(*nn.Conv2d)
	op.Bias = true
	conv.Op = &op
	conv.In = []*nn.Value{o.X, rebind(o.Weight, w), {Name: conv.Name + ".bias",
		Type: nn.Real(len(bias)), Data: tensor.FromFloat32(bias, len(bias))}}
	return nil
}

func rebind(v *nn.Value, t *tensor.Tensor) *nn.Value {
	return &nn.Value{Name: v.Name, Type: v.Type, Data: t}
}
