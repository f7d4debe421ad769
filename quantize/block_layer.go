package quantize

import (
	"math"

	"mixq/tensor"
)

// blockLayer is a layer whose codes are trained besides its scales and bias. A
// code is the rounding of a real-valued latent, which starts at the code that the
// layer has and may go one code up or down. The network runs on the codes, and
// their gradients move the latents (straight-through estimator, Bengio et al.
// 2013).
type blockLayer struct {
	tunedLayer
	trained   bool
	latent    []float32 // codes, less the zero points, before rounding
	code      []float32 // and after it
	least     []float32 // how far the latents may go
	most      []float32
	curvature []float32 // of the cost, by code
}

func newBlockLayer(float, quant layer, trained bool) *blockLayer {
	n := quant.Weight.Type.Shape.Elems()
	l := &blockLayer{tunedLayer: newTunedLayer(float, quant), trained: trained, curvature: make([]float32, n)}
	for o, g := range gridsOf(quant.Weight.Type.Quant) {
		for _, c := range quant.Weight.Data.Int8()[o*l.fanIn() : (o+1)*l.fanIn()] {
			code := float64(c)
			l.latent = append(l.latent, float32(int32(c)-g.zero))
			l.least = append(l.least, float32(g.clamp(code-1)-g.zero))
			l.most = append(l.most, float32(g.clamp(code+1)-g.zero))
		}
	}
	l.code = append(l.code, l.latent...)
	return l
}

// maxGain bounds the change of a scale, far beyond what training wants.
const maxGain = 2

// round brings latents and gains into their ranges and sets codes and weights.
func (l *blockLayer) round() {
	scale := l.quant.Weight.Type.Quant.Scale
	for i, v := range l.latent {
		v = min(max(v, l.least[i]), l.most[i])
		l.latent[i], l.code[i] = v, float32(math.RoundToEven(float64(v)))
		l.weight[i] = scale[i/l.fanIn()] * l.code[i]
	}
	for c, g := range l.gain {
		l.gain[c] = min(max(g, 1./maxGain), maxGain)
	}
}

// latentGradient turns the gradient of the weights, which is that at the codes,
// into one at the latents: to second order the difference is the curvature times
// the distance. Without it latents go on past the point where their codes should
// change and all change at once.
func (l *blockLayer) latentGradient(dw []float32) []float32 {
	scale := l.quant.Weight.Type.Quant.Scale
	d := make([]float32, len(dw))
	for i, g := range dw {
		c := i / l.fanIn()
		d[i] = float32(g*float32(scale[c]*l.gain[c])) + float32(l.curvature[i]*(l.latent[i]-l.code[i]))
	}
	return d
}

// addCurvature adds the squares of a gradient of the weights, by codes, times by.
func (l *blockLayer) addCurvature(dw []float32, by float32) {
	scale := l.quant.Weight.Type.Quant.Scale
	for i, g := range dw {
		d := g * scale[i/l.fanIn()]
		l.curvature[i] += float32(d * d * by)
	}
}

// smoothCurvature replaces the curvature by weight, of which few draws give but a
// noisy estimate, by the product of what its row and its column have of it.
func (l *blockLayer) smoothCurvature() {
	k := l.fanIn()
	scale := l.quant.Weight.Type.Quant.Scale
	rows, columns, total := make([]float64, len(scale)), make([]float64, k), 0.0
	each := func(f func(i, row, column int, square float64)) {
		for i := range l.curvature {
			s := float64(scale[i/k])
			f(i, i/k, i%k, float64(s*s))
		}
	}
	each(func(i, row, column int, square float64) {
		v := float64(l.curvature[i]) / square
		rows[row] += v
		columns[column] += v
		total += v
	})
	if total == 0 {
		return // the output does not depend on the layer
	}
	each(func(i, row, column int, square float64) {
		l.curvature[i] = float32(rows[row] * columns[column] / total * square)
	})
}

// store writes codes, scales and bias into the quantized graph.
func (l *blockLayer) store() {
	l.round()
	codes := make([]int8, len(l.code))
	for i, c := range l.code {
		codes[i] = int8(int32(c) + l.quant.Weight.Type.Quant.Zero[i/l.fanIn()])
	}
	l.quant.Weight.Data = tensor.FromInt8(codes, l.quant.Weight.Type.Shape...)
	l.tunedLayer.store()
}
