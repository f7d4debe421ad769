package quantize

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
)

// A direction is what is propagated back from the logits y of an image.
type direction func(y []float32, label int, rng *rand.Rand) []float32

// fisherDraw is a random direction whose covariance is the Fisher information
// diag(p) − p·pᵀ of the softmax p of y: √p⊙ε − p·⟨√p, ε⟩ for ε ~ N(0, I).
func fisherDraw(y []float32, _ int, rng *rand.Rand) []float32 {
	p := softmax(y)
	r := make([]float64, len(y))
	inner := 0.0
	for i := range p {
		r[i] = math.Sqrt(p[i]) * rng.NormFloat64()
		inner += r[i]
	}
	out := make([]float32, len(y))
	for i := range r {
		out[i] = float32(r[i] - float64(p[i]*inner))
	}
	return out
}

// unitFisherDraw is a Fisher draw of length 1, so that all images count alike.
// Without that, the few images that a network is unsure about outweigh all others,
// too few to tell the curvature of a layer by.
func unitFisherDraw(y []float32, rng *rand.Rand) []float32 {
	r := fisherDraw(y, 0, rng)
	norm := math.Sqrt(dot(r, r))
	for i, v := range r {
		r[i] = float32(float64(v) / max(norm, math.SmallestNonzeroFloat32))
	}
	return r
}

// normalDraw is a direction from N(0, I).
func normalDraw(y []float32, _ int, rng *rand.Rand) []float32 {
	out := make([]float32, len(y))
	for i := range out {
		out[i] = float32(rng.NormFloat64())
	}
	return out
}

// lossGradient is the gradient of the cross-entropy with the label.
func lossGradient(y []float32, label int, _ *rand.Rand) []float32 {
	out := make([]float32, len(y))
	for i, p := range softmax(y) {
		out[i] = float32(p)
	}
	out[label]--
	return out
}

// softmax is that of y, which must be finite.
func softmax(y []float32) []float64 {
	top := slices.Max(y)
	p := make([]float64, len(y))
	sum := 0.0
	for i, v := range y {
		p[i] = math.Exp(float64(v - top))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func finite(y []float32) error {
	if slices.ContainsFunc(y, func(v float32) bool { return v-v != 0 }) {
		return errors.New("logits are not finite")
	}
	return nil
}
