package quantize

import (
	"context"

	"mixq/infer"
	"mixq/nn"
)

// oracle is twice the KL divergence between the softmax outputs of the network
// and of that with one layer perturbed, a forward pass for every candidate.
func oracle(ctx context.Context, e experiment) ([][]float64, error) {
	want, err := e.logits(ctx, e.g)
	if err != nil {
		return nil, err
	}
	classes := len(want) / e.len()
	return e.each(func(layer int, c *candidate) (float64, error) {
		got, err := e.logits(ctx, perturbed(e.g, layer, c))
		if err != nil {
			return 0, err
		}
		sum := 0.0
		for i := 0; i < len(want); i += classes {
			sum += kl(want[i:i+classes], got[i:i+classes])
		}
		e.step()
		return 2 * sum / float64(e.len()), nil
	})
}

// logits are the outputs of g for all images.
func (e *experiment) logits(ctx context.Context, g *nn.Graph) ([]float32, error) {
	y, err := outputs(ctx, g, infer.Float, e.images, e.cfg.Threads)
	if err != nil {
		return nil, err
	}
	return y.Float32(), nil
}

// perturbed is g with the candidate's change made to one layer.
func perturbed(g *nn.Graph, layer int, c *candidate) *nn.Graph {
	p := g.Clone()
	l := weighted(p)[layer]
	w, b := l.Weight.Data.Clone(), l.Bias.Data.Clone()
	for i, d := range c.weight {
		w.Float32()[i] += d
	}
	for i, d := range c.bias {
		b.Float32()[i] += float32(d)
	}
	l.Weight.Data, l.Bias.Data = w, b
	return p
}
