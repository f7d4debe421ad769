package quantize

import (
	"context"
	"fmt"
)

// Metric is how Sensitivity measures what a perturbation of a layer costs. All
// see the same perturbations, those that rounding really makes, with the
// correction of the bias. In the formulas dW stands for the change of weights
// and bias, g for the gradient of one image by them.
type Metric uint8

// The metrics, default first.
const (
	// FisherProjection is E[⟨g, dW⟩²] for gradients g of ⟨r, y⟩ with logits y
	// and random directions r whose covariance is the Fisher information of the
	// output: twice the KL divergence to second order (METHOD.md 2).
	FisherProjection Metric = iota
	// FisherPairs is the same with the interactions of candidates,
	// E[⟨g, dW⟩·⟨g, dW′⟩] from the same gradients, so that the sensitivity of a
	// plan is that of all its perturbations together (Pairs).
	FisherPairs
	// RandomLogit is the same with r ~ N(0, I): the expected squared change of
	// the logits.
	RandomLogit
	// LabelledProjection is E[⟨g, dW⟩²] for the cross-entropy with labels.
	LabelledProjection
	// Taylor is |E[⟨g, dW⟩]|, the first-order term of the cross-entropy as it
	// stands (Chauhan et al. 2023).
	Taylor
	// NormProduct is E[‖g‖]·‖dW‖ for the cross-entropy.
	NormProduct
	// DiagonalFisher is Σ E[g²]·dW², the Fisher information without what lies
	// off its diagonal.
	DiagonalFisher
	// LayerOutput is E[Σ (g_y·dy)²] over the outputs y of the layer that dW
	// changes by dy.
	LayerOutput
	// HessianTrace is the mean of the diagonal of the layer's Hessian of the
	// cross-entropy times ‖dW‖² (HAWQ-V2, Dong et al. 2020), by Hutchinson's
	// estimator.
	HessianTrace
	// HessianEigen is the largest eigenvalue of that Hessian times ‖dW‖²
	// (HAWQ, Dong et al. 2019), by power iteration.
	HessianEigen
	// WeightMSE is ‖dW‖².
	WeightMSE
	// Oracle is twice the KL divergence as measured by running the network with
	// one layer perturbed.
	Oracle
	numMetrics
)

// measure is how a metric is computed.
type measure struct {
	name     string
	labelled bool // reads labels
	acts     bool // measures activations as well
	draws    bool // averages over Config.SensDraws random directions
	steps    func(ls []layer, lc []LayerConfig, s imageSet) int
	run      func(context.Context, experiment) ([][]float64, error)
	pairs    func(context.Context, experiment) ([][]float64, *Pairs, error) // in place of run, for the interactions of candidates as well
}

var measures = [numMetrics]measure{
	FisherProjection:   {name: "fisher", acts: true, draws: true, steps: perBlock, run: gradients{direction: fisherDraw, term: squaredProjection, act: square}.run},
	FisherPairs:        {name: "fisher-pairs", acts: true, draws: true, steps: perBlock, pairs: gradients{direction: fisherDraw, term: projection, act: identity}.pairs},
	RandomLogit:        {name: "random-logit", acts: true, draws: true, steps: perBlock, run: gradients{direction: normalDraw, term: squaredProjection, act: square}.run},
	LabelledProjection: {name: "labelled", acts: true, labelled: true, steps: perBlock, run: gradients{direction: lossGradient, term: squaredProjection, act: square}.run},
	Taylor:             {name: "taylor", labelled: true, steps: perBlock, run: taylor},
	NormProduct:        {name: "norm", labelled: true, steps: perBlock, run: gradients{direction: lossGradient, term: normProduct}.run},
	DiagonalFisher:     {name: "diagonal-fisher", draws: true, steps: perBlock, run: gradients{direction: fisherDraw, term: diagonal}.run},
	LayerOutput:        {name: "layer-output", draws: true, steps: perBlock, run: gradients{direction: fisherDraw, term: outputChange, outputs: true}.run},
	HessianTrace:       {name: "hessian-trace", labelled: true, steps: traceSteps, run: hessianTrace},
	HessianEigen:       {name: "hessian-eigen", labelled: true, steps: eigenSteps, run: hessianEigen},
	WeightMSE:          {name: "mse", steps: noSteps, run: weightMSE},
	Oracle:             {name: "oracle", steps: perCandidate, run: oracle},
}

// measure computes the sensitivities by layer or activation and bit-width, and the
// interactions if the metric has them.
func (m *measure) measure(ctx context.Context, e experiment) ([][]float64, *Pairs, error) {
	if m.pairs != nil {
		return m.pairs(ctx, e)
	}
	values, err := m.run(ctx, e)
	return values, nil, err
}

func (m Metric) String() string {
	if m >= numMetrics {
		return fmt.Sprintf("Metric(%d)", uint8(m))
	}
	return measures[m].name
}

// Metrics lists all metrics, the default first.
func Metrics() []Metric { return listed(numMetrics) }

// MarshalText writes the name of m.
func (m Metric) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the name of a metric.
func (m *Metric) UnmarshalText(b []byte) error { return setNamed(m, "metric", Metrics(), b) }

func perBlock(_ []layer, _ []LayerConfig, s imageSet) int { return numBlocks(s.images) }

func perCandidate(_ []layer, lc []LayerConfig, _ imageSet) int {
	n := 0
	for _, c := range lc {
		n += len(c.Bits)
	}
	return n
}

func noSteps([]layer, []LayerConfig, imageSet) int { return 0 }

// weightMSE is ‖dW‖².
func weightMSE(_ context.Context, e experiment) ([][]float64, error) {
	return e.each(func(_ int, c *candidate) (float64, error) { return dot(c.weight, c.weight), nil })
}
