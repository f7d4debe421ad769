package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"mixq/autograd"
	"mixq/infer"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/nn/train/optim"
	"mixq/tensor"
)

// Settings of Tune, from the measurements in docs/METHOD.md.
const (
	tuneShare  = .25 // of the network's multiply-accumulates that the tuned layers may take
	tuneSteps  = 100
	tuneBatch  = 32
	tuneRate   = 5e-4
	tuneWarmup = 10
)

// Tune moves the scales and biases of the last layers of q, with all codes as
// they are, so that its outputs come closer to those of the float network g: some
// steps of Adam on KL(float ‖ quantized) over the images, without labels. The
// images must be others than those that q was rounded for, on which its errors
// are smaller than elsewhere (METHOD.md 6). Activations are not rounded in the
// tuned layers while they are tuned; what comes before them runs in integers.
func Tune(ctx context.Context, g, q *nn.Graph, images *tensor.Tensor, cfg Config) error {
	cfg = cfg.withDefaults()
	cut := g.Nodes[tuneFrom(g)]
	before, err := q.Extract(q.Inputs, q.Nodes[nodeIndex(q, cut.Name)].Out)
	if err != nil {
		return err
	}
	t := tuner{cfg: cfg, tape: autograd.NewTape(cfg.Threads)}
	if t.target, err = outputs(ctx, g, infer.Float, images, cfg.Threads); err != nil {
		return err
	}
	if t.x, err = outputs(ctx, before, infer.Integer, images, cfg.Threads); err != nil {
		return err
	}
	if t.tail, err = g.Extract(cut.Out, g.Outputs); err != nil {
		return err
	}
	quantized := map[string]layer{}
	for _, l := range weighted(q) {
		quantized[l.node.Name] = l
	}
	for _, l := range weighted(t.tail) {
		t.layers = append(t.layers, newTunedLayer(l, quantized[l.node.Name]))
	}
	if err := t.run(ctx); err != nil {
		return err
	}
	for _, l := range t.layers {
		l.store()
	}
	return nil
}

// tuneFrom is the first node whose output is all that the nodes after it need
// of what comes before, and which leaves them no more than tuneShare of the work.
func tuneFrom(g *nn.Graph) int {
	at, left := len(g.Nodes)-1, int64(tuneShare*float64(g.MACs()))
	for i, n := range slices.Backward(g.Nodes) {
		if left < 0 {
			break
		}
		if isCut(g, i) {
			at = i
		}
		left -= n.MACs()
	}
	return at
}

// tunedLayer is a layer whose scales and bias are parameters.
type tunedLayer struct {
	float, quant layer
	weight       []float32 // real values of the codes, untuned
	gain         []float32 // factor of the scale of each output channel
	bias         []float32
}

func newTunedLayer(float, quant layer) tunedLayer {
	grid := quant.Weight.Type.Quant
	l := tunedLayer{float: float, quant: quant,
		gain: slices.Repeat([]float32{1}, len(grid.Scale)), bias: make([]float32, len(grid.Scale))}
	for _, w := range weightsOf(quant) {
		l.weight = append(l.weight, float32(w))
	}
	for c, code := range quant.Bias.Data.Int32() {
		l.bias[c] = float32(float64(code) * l.biasScale(c))
	}
	return l
}

// fanIn is the number of weights of an output channel.
func (l *tunedLayer) fanIn() int { return len(l.weight) / len(l.gain) }

func (l *tunedLayer) biasScale(c int) float64 {
	return float64(l.quant.X.Type.Quant.Scale[0]) * float64(l.quant.Weight.Type.Quant.Scale[c])
}

// tuned holds the weights with their scales multiplied by the gains.
func (l *tunedLayer) tuned() *tensor.Tensor {
	w := make([]float32, len(l.weight))
	for i, v := range l.weight {
		w[i] = v * l.gain[i/l.fanIn()]
	}
	return tensor.FromFloat32(w, l.float.Weight.Type.Shape...)
}

// gainGradient turns the gradient of the weights into that of the gains.
func (l *tunedLayer) gainGradient(dw []float32) []float32 {
	k := l.fanIn()
	d := make([]float32, len(l.gain))
	for c := range d {
		d[c] = float32(dot(dw[c*k:c*k+k], l.weight[c*k:c*k+k]))
	}
	return d
}

// store writes scales and bias into the quantized graph.
func (l *tunedLayer) store() {
	scale := l.quant.Weight.Type.Quant.Scale
	for c := range scale {
		scale[c] *= l.gain[c]
		code := math.RoundToEven(float64(l.bias[c]) / l.biasScale(c))
		l.quant.Bias.Data.Int32()[c] = int32(min(max(code, -maxBias), maxBias))
	}
}

// tuner is a tuning in progress.
type tuner struct {
	tail      *nn.Graph // the float graph of the tuned layers
	layers    []tunedLayer
	x, target *tensor.Tensor // inputs of tail and logits of the float network, by image
	cfg       Config
	tape      *autograd.Tape
}

func (t *tuner) run(ctx context.Context) error {
	var params [][]float32
	for _, l := range t.layers {
		params = append(params, l.gain, l.bias)
	}
	var adam optim.Adam
	rate := optim.Cosine(tuneRate, tuneWarmup, tuneSteps)
	for step := range tuneSteps {
		if err := ctx.Err(); err != nil {
			return err
		}
		grads, err := t.gradients(t.batch(step))
		if err != nil {
			return err
		}
		adam.Step(rate(step), params, grads)
		t.cfg.Progress(StageTune, step+1, tuneSteps)
	}
	return nil
}

// batch draws the images of a step.
func (t *tuner) batch(step int) []int {
	n := t.x.Shape()[0]
	rng := rand.New(rand.NewPCG(t.cfg.Seed, uint64(step)))
	return rng.Perm(n)[:min(n, tuneBatch)]
}

// gradients are those of the mean divergence over some images, by gain and bias
// of every layer.
func (t *tuner) gradients(images []int) ([][]float32, error) {
	t.tape.Reset()
	override := map[*nn.Value]*autograd.Var{}
	for i := range t.layers {
		l := &t.layers[i]
		override[l.float.Weight] = t.tape.Param(l.tuned())
		override[l.float.Bias] = t.tape.Param(tensor.FromFloat32(l.bias, l.float.Bias.Type.Shape...))
	}
	in := t.tape.Const(rowsOf(t.x, images))
	r, err := train.Forward(t.tape, t.tail, []*autograd.Var{in}, train.Options{Constant: true, Override: override})
	if err != nil {
		return nil, err
	}
	loss := t.tape.KL(rowsOf(t.target, images), r.Out[0])
	t.tape.Backward(loss, tensor.FromFloat32([]float32{1}, 1))
	var grads [][]float32
	for i := range t.layers {
		l := &t.layers[i]
		grads = append(grads, l.gainGradient(override[l.float.Weight].Grad.Float32()), override[l.float.Bias].Grad.Float32())
	}
	return grads, nil
}

// outputs are the real values of the first output of g for all images.
func outputs(ctx context.Context, g *nn.Graph, mode infer.Mode, images *tensor.Tensor, threads int) (*tensor.Tensor, error) {
	p, err := infer.Compile(g, infer.Options{Batch: block, Threads: threads, Mode: mode})
	if err != nil {
		return nil, err
	}
	s := p.NewSession()
	defer s.Close()
	shape := g.Outputs[0].Type.Shape.Clone()
	shape[0] = images.Shape()[0]
	out := make([]float32, 0, shape.Elems())
	for b := range numBlocks(images) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		y, err := s.Run(blockOf(images, b))
		if err != nil {
			return nil, err
		}
		values := y[0]
		if values.DType() == tensor.Uint8 {
			values = reals(values, g.Outputs[0].Type.Quant)
		}
		out = append(out, values.Float32()...)
	}
	return tensor.FromFloat32(out, shape...), nil
}
