package quantize

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"mixq/autograd"
	"mixq/internal/par"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/tensor"
)

// gradients is a metric that is a mean, over images and directions of the
// logits, of a term that looks at one gradient and one perturbation. One
// backward pass serves all layers and bit-widths.
type gradients struct {
	direction direction
	term      func(*evidence, *candidate) float64
	act       func(projection float64) float64 // the term of an activation, from ⟨g, dv⟩; nil if there is none
	outputs   bool                             // the term looks at outputs of layers
}

// evidence is what one backward pass tells of a layer: the gradients of its
// weights and bias, and what the pass computed on the way.
type evidence struct {
	weight, bias []float32
	layer        layer
	pass         *train.Pass
	scratch      *patchMatrix
}

// run sums over images and draws, in blocks merged in index order.
func (m gradients) run(ctx context.Context, e experiment) ([][]float64, error) {
	total := e.zeros()
	err := m.eachBlock(ctx, e, func(images [][]terms) {
		sum := e.zeros()
		for _, draws := range images {
			image := e.zeros()
			for _, t := range draws {
				add(image, t)
			}
			add(sum, image)
		}
		add(total, sum)
	})
	scale(total, 1/float64(e.len()*e.cfg.SensDraws))
	return total, err
}

// terms are those of one gradient, by layer or activation and bit-width.
type terms = [][]float64

// eachBlock gives f the terms of every block of images in turn, by image and
// draw.
func (m gradients) eachBlock(ctx context.Context, e experiment, f func(images [][]terms)) error {
	workers := make([]backward, e.cfg.Threads)
	for i := range workers {
		workers[i] = backward{gradients: m, experiment: e, tape: autograd.NewTape(1), codes: make([]uint8, 1<<12)}
	}
	for b := range numBlocks(e.images) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := e.block(b).len()
		images, errs := make([][]terms, n), make([]error, n)
		par.For(e.cfg.Threads, n, func(worker, i int) {
			images[i], errs[i] = workers[worker].image(b*block + i)
		})
		if err := cmp.Or(errs...); err != nil {
			return err
		}
		f(images)
		e.step()
	}
	return nil
}

// backward propagates directions back through single images. Each worker has
// its own.
type backward struct {
	gradients
	experiment
	tape    *autograd.Tape
	scratch patchMatrix
	codes   []uint8 // of activations, some at a time
}

// forwardImage records the pass of one of the images through g, as the only one
// on tape; input puts its pixels there. It fails if the logits are not finite.
func forwardImage(tape *autograd.Tape, g *nn.Graph, images *tensor.Tensor, index int, input func(*tensor.Tensor) *autograd.Var) (*train.Pass, error) {
	tape.Reset()
	x := images.Slice(index, index+1)
	in := input(tensor.FromFloat32(pixels(x, g.Pixels), x.Shape()...))
	r, err := train.Forward(tape, g, []*autograd.Var{in}, train.Options{})
	if err != nil {
		return nil, err
	}
	if err := finite(r.Out[0].Value.Float32()); err != nil {
		return nil, fmt.Errorf("quantize: calibration image %d: %w", index, err)
	}
	return r, nil
}

// forward records the pass of an image.
func (p *backward) forward(index int) (*train.Pass, error) {
	input := p.tape.Const
	if slices.ContainsFunc(p.acts, func(a actRounding) bool { return slices.Contains(a.source, p.g.Inputs[0]) }) {
		input = p.tape.Param // its gradient is wanted
	}
	r, err := forwardImage(p.tape, p.g, p.images, index, input)
	if err != nil {
		return nil, err
	}
	for _, l := range p.layers {
		if p.outputs {
			p.tape.Retain(r.Vars[l.node.Out[0]])
		}
	}
	for _, a := range p.acts {
		for _, v := range a.source {
			p.tape.Retain(r.Vars[v])
		}
	}
	return r, nil
}

// image returns the terms of an image, by draw.
func (p *backward) image(index int) ([]terms, error) {
	r, err := p.forward(index)
	if err != nil {
		return nil, err
	}
	logits := r.Out[0]
	label := 0
	if p.labels != nil {
		label = p.labels[index]
	}
	draws := make([]terms, p.cfg.SensDraws)
	for d := range draws {
		rng := rand.New(rand.NewPCG(p.cfg.Seed, uint64(index)<<16|uint64(d)))
		seed := p.direction(logits.Value.Float32(), label, rng)
		p.tape.Backward(logits, tensor.FromFloat32(seed, logits.Value.Shape()...))
		draws[d] = p.terms(r)
	}
	return draws, nil
}

// terms are those of the gradients of pass r.
func (p *backward) terms(r *train.Pass) terms {
	t := p.zeros()
	for i, l := range p.layers {
		ev := evidence{r.Vars[l.Weight].Grad.Float32(), r.Vars[l.Bias].Grad.Float32(), l, r, &p.scratch}
		for j := range p.cands[i] {
			t[i][j] = p.term(&ev, &p.cands[i][j])
		}
	}
	for i, a := range p.acts {
		for j, g := range a.grids {
			t[len(p.layers)+i][j] = p.act(a.projection(r, g, p.codes))
		}
	}
	return t
}

// projection is ⟨g, dW⟩.
func projection(e *evidence, c *candidate) float64 {
	a := dot(e.weight, c.weight)
	for o, v := range c.bias {
		a += float64(float64(e.bias[o]) * v)
	}
	return a
}

func squaredProjection(e *evidence, c *candidate) float64 { return square(projection(e, c)) }

func identity(a float64) float64 { return a }

func square(a float64) float64 { return float64(a * a) }

func normProduct(e *evidence, c *candidate) float64 {
	return math.Sqrt(dot(e.weight, e.weight)) * math.Sqrt(dot(c.weight, c.weight))
}

// diagonal is Σ g²·dW².
func diagonal(e *evidence, c *candidate) float64 {
	sum := 0.0
	for i, d := range c.weight {
		a := float64(float64(e.weight[i]) * float64(d))
		sum += float64(a * a)
	}
	for o, d := range c.bias {
		a := float64(float64(e.bias[o]) * d)
		sum += float64(a * a)
	}
	return sum
}

// outputChange is Σ (g_y·dy)² over the outputs of the layer before its
// activation.
func outputChange(e *evidence, c *candidate) float64 {
	p := newPatches(e.layer, 0, math.MaxInt, 0)
	rows := p.gather(e.scratch, e.pass.Vars[e.layer.X].Value, nil, 0, 1)
	out := e.pass.Vars[e.layer.node.Out[0]]
	y, gy, act := out.Value.Float32(), out.Grad.Float32(), e.layer.Act.Clamp()
	perGroup := len(c.bias) / p.groups
	sum := 0.0
	for o, db := range c.bias {
		dw := c.weight[o*p.k:][:p.k]
		patch := e.scratch.real[o/perGroup*rows*p.k:]
		for i := range rows {
			at := o*rows + i
			if y[at] <= act.Lo || y[at] >= act.Hi || gy[at] == 0 {
				continue // no gradient passes the activation
			}
			a := float64(float64(gy[at]) * (dot(dw, patch[i*p.k:]) + db))
			sum += float64(a * a)
		}
	}
	return sum
}

// taylor is |E[⟨g, dW⟩]|.
func taylor(ctx context.Context, e experiment) ([][]float64, error) {
	mean, err := gradients{direction: lossGradient, term: projection}.run(ctx, e)
	for _, row := range mean {
		for j, v := range row {
			row[j] = math.Abs(v)
		}
	}
	return mean, err
}

// dot accumulates in float64, in four interleaved chains of fixed order.
func dot(a, b []float32) float64 {
	var s [4]float64
	b = b[:len(a)]
	n := len(a) &^ 3
	for i := 0; i < n; i += 4 {
		s[0] += float64(float64(a[i]) * float64(b[i]))
		s[1] += float64(float64(a[i+1]) * float64(b[i+1]))
		s[2] += float64(float64(a[i+2]) * float64(b[i+2]))
		s[3] += float64(float64(a[i+3]) * float64(b[i+3]))
	}
	for i := n; i < len(a); i++ {
		s[0] += float64(float64(a[i]) * float64(b[i]))
	}
	return s[0] + s[1] + (s[2] + s[3])
}
