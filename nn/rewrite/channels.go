package rewrite

import (
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// link is a value that a layer with weights computes and that only such layers
// read, so that their weights can take up a scale of each of its channels.
type link struct {
	value *nn.Value
	from  *nn.Node
	to    []*nn.Node
}

// links lists those of g, in execution order. A value that a residual is added to
// or that is one, that is moved, pooled or joined to others, or that leaves the
// network, is none; nor is one beside weights that layers share.
func links(g *nn.Graph) []link {
	var ls []link
	for _, n := range g.Nodes {
		l := link{value: n.Out[0], from: n}
		o, ok := n.Operands()
		if !ok || o.Residual != nil || !ownsParams(g, n) || slices.Contains(g.Outputs, l.value) {
			continue
		}
		for _, m := range g.Nodes {
			if slices.Contains(m.In, l.value) {
				l.to = append(l.to, m)
			}
		}
		reads := func(m *nn.Node) bool {
			o, ok := m.Operands()
			return ok && o.X == l.value && o.Residual != l.value && ownsParams(g, m)
		}
		if len(l.to) > 0 && !slices.ContainsFunc(l.to, func(m *nn.Node) bool { return !reads(m) }) {
			ls = append(ls, l)
		}
	}
	return ls
}

// ownsParams reports whether weight and bias of n are constants that nothing else
// reads.
func ownsParams(g *nn.Graph, n *nn.Node) bool {
	o, _ := n.Operands()
	for _, v := range []*nn.Value{o.Weight, o.Bias} {
		if v != nil && (v.Data == nil || soleConsumer(g, v) != n) {
			return false
		}
	}
	return true
}

// channels is the number of channels of the value.
func (l link) channels() int { return l.value.Type.Shape[1] }

// depthwise reports whether every reader is a depthwise convolution.
func (l link) depthwise() bool {
	return !slices.ContainsFunc(l.to, func(n *nn.Node) bool {
		op, ok := n.Op.(*nn.Conv2d)
		return !ok || op.Groups != l.channels()
	})
}

// divide divides channel c of the value by r[c] > 0, in the weights and bias of
// the layer that computes it, and multiplies it again in the weights of those that
// read it. The float function stays the same, if the activation between them is
// positively homogeneous.
func (l link) divide(r []float64) {
	o, _ := l.from.Operands()
	row := o.Weight.Type.Shape[1:].Elems()
	multiply(o.Weight, func(i int) float64 { return 1 / r[i/row] })
	if o.Bias != nil {
		multiply(o.Bias, func(i int) float64 { return 1 / r[i] })
	}
	for _, n := range l.to {
		o, _ := n.Operands()
		channel := inputChannel(n)
		multiply(o.Weight, func(i int) float64 { return r[channel(i)] })
	}
}

// inputChannel returns the function that gives the channel of the input that
// element i of the weights of n is multiplied with.
func inputChannel(n *nn.Node) func(i int) int {
	o, _ := n.Operands()
	s, groups := o.Weight.Type.Shape, 1
	if op, ok := n.Op.(*nn.Conv2d); ok {
		groups = op.Groups
	}
	group, plane := s.Elems()/groups, s[2:].Elems()
	return func(i int) int { return i/group*s[1] + i/plane%s[1] }
}

// multiply replaces the data of v, whose element i is multiplied by by(i).
func multiply(v *nn.Value, by func(i int) float64) {
	x := v.Data.Float32()
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(float64(x[i]) * by(i))
	}
	v.Data = tensor.FromFloat32(y, v.Type.Shape...)
}
