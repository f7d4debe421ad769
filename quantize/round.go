package quantize

import (
	"context"

	"mixq/nn"
	"mixq/tensor"
)

// Round quantizes the network layer by layer in execution order (METHOD.md 4).
// Two streams of activations are kept for the calibration images, that of the
// float network and that of the network quantized so far; each layer is fitted
// to give the former from the latter, then rounded, and its bias set so that
// the mean output is right. Rounding weighs errors by what they do to the outputs
// of the network, as far as the curvatures of layers tell. The result holds grids
// and codes in place of values and weights. With block reconstruction, blocks of
// layers are trained as soon as they are rounded, and each is a product in
// Config.WorkDir, which a later run takes up.
func Round(ctx context.Context, g *nn.Graph, lc []LayerConfig, plan *Plan, st *Stats, images *tensor.Tensor, cfg Config) (*nn.Graph, error) {
	cfg = cfg.withDefaults()
	return round(ctx, g, lc, plan, st, images, lazyCurvatures(g, lc, images, cfg), cfg)
}

// round is Round with a function that gives the curvatures of layers, which is
// called for every layer that is rounded.
func round(ctx context.Context, g *nn.Graph, lc []LayerConfig, plan *Plan, st *Stats, images *tensor.Tensor, curvatures curvaturesFunc, cfg Config) (*nn.Graph, error) {
	cfg.Blocks.Steps = orDefault(cfg.Blocks.Steps, DefaultBlockSteps)
	q := g.Clone()
	err := setActGrids(q, func(value string) (*nn.Quant, error) {
		bits, err := plan.actBits(value)
		if err != nil {
			return nil, err
		}
		return st.grid(value, bits)
	})
	if err != nil {
		return nil, err
	}
	p := newTwoStream(g, q, lc, plan, images, curvatures, cfg)
	do := func(_ int, s segment) error { return p.round(ctx, s) }
	if reconstructs(lc) {
		r := newReconstruction(p, images, roundInputs(g, lc, plan, st, images, cfg))
		do = func(i int, s segment) error { return r.segment(ctx, i, s) }
	}
	for i, s := range p.segments {
		if err := do(i, s); err != nil {
			return nil, err
		}
		p.finish(s)
	}
	dequantizeOutputs(q)
	return q, q.Validate()
}

// dequantizeOutputs makes graph outputs, and inputs of layers that compute with
// real values, real again where they carry codes.
func dequantizeOutputs(g *nn.Graph) {
	real := func(v *nn.Value, at int) *nn.Value {
		out := &nn.Value{Name: v.Name + ".real", Type: nn.Real(v.Type.Shape...)}
		n := &nn.Node{Name: v.Name + ".dequantize", Op: &nn.Dequantize{}, In: []*nn.Value{v}, Out: []*nn.Value{out}}
		g.Nodes = append(g.Nodes[:at:at], append([]*nn.Node{n}, g.Nodes[at:]...)...)
		return out
	}
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		if n.Op.Kind() == nn.KindSoftmax && n.In[0].Type.Quant != nil {
			n.In = []*nn.Value{real(n.In[0], i)}
			i++
		}
	}
	outs := make([]*nn.Value, len(g.Outputs))
	for i, v := range g.Outputs {
		outs[i] = v
		if v.Type.Quant != nil {
			outs[i] = real(v, len(g.Nodes))
		}
	}
	g.Outputs = outs
}
