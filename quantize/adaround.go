package quantize

import (
	"math"

	"mixq/nn/train/optim"
	"mixq/tensor/kernel"
)

// Settings of AdaRound. Those without a comment are the paper's.
const (
	adaSteps   = 1000 // the gradient is exact, so a tenth of the paper's will do
	adaRate    = .02  // of Adam, on the logits of the soft rounding
	adaWeight  = .2   // of the regulariser, in units of the squared error of a code
	adaWarmup  = .2   // part of the steps without regulariser
	adaBetaMax = 20.0
	adaBetaMin = 2.0
	adaStretch = 1.2 // the sigmoid is stretched to [-.1, 1.1] and cut to [0, 1]
)

// adaRoundRows learns which of the two codes around each weight to take (Nagel
// et al. 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization"):
// the weight is s·(⌊w/s⌋ + h(v)) with h a rectified sigmoid (equations 22 and
// 23), v minimises the squared output error eᵀHe plus λ·Σ 1 − |2h − 1|^β
// (equation 24), and β falls until every h is 0 or 1. The paper takes the error
// over a sample of inputs; by the Gram matrix it is that over all of them.
// Errors are in units of a code and of the mean of diag H.
func adaRoundRows(f *gramFactor) rowRounder {
	h := make([]float32, f.k*f.k)
	diag := 0.0
	m := f.matrix()
	for i := range f.k {
		diag += m[i*f.k+i] / float64(f.k)
	}
	for i, v := range m {
		h[i] = float32(v / diag)
	}
	return func(codes []int8, w []float64, grids []grid) {
		a := newAdaRounding(f, w, grids)
		var adam optim.Adam
		grad := make([]float32, len(a.v))
		scratch := make([]float32, kernel.GemmScratch(len(grids), f.k, f.k))
		for step := range adaSteps {
			a.soften()
			kernel.Gemm(false, false, len(grids), f.k, f.k, 1, a.e, f.k, h, f.k, 0, grad, f.k, scratch)
			a.gradient(grad, step)
			adam.Step(adaRate, [][]float32{a.v}, [][]float32{grad})
		}
		a.store(codes, grids)
	}
}

// adaRounding is the state of some rows, in the factor's order, in codes.
type adaRounding struct {
	f     *gramFactor
	floor []float32 // the lower code, less the zero point
	w     []float32 // the weight, as far as the codes reach
	v     []float32 // logits of the soft rounding
	h     []float32 // the soft rounding h(v), and
	slope []float32 // its derivative
	e     []float32 // its error
}

func newAdaRounding(f *gramFactor, w []float64, grids []grid) *adaRounding {
	row := func() []float32 { return make([]float32, len(w)) }
	a := &adaRounding{f, row(), row(), row(), row(), row(), row()}
	for r, g := range grids {
		for i, c := range f.order {
			x := w[r*f.k+c] / float64(g.scale)
			x = min(max(x, float64(g.lo-g.zero)), float64(g.hi-g.zero))
			low := min(math.Floor(x), float64(g.hi-g.zero-1))
			at := r*f.k + i
			a.floor[at], a.w[at] = float32(low), float32(x)
			a.v[at] = float32(adaLogit(x - low))
		}
	}
	return a
}

// adaLogit is the v at which h(v) is p.
func adaLogit(p float64) float64 {
	p = (p + (adaStretch-1)/2) / adaStretch
	return math.Log(p / (1 - p))
}

// adaSoft is h(v) and its derivative.
func adaSoft(v float64) (h, slope float64) {
	s := 1 / (1 + math.Exp(-v))
	h = float64(s*adaStretch) - (adaStretch-1)/2
	if h <= 0 || h >= 1 {
		return min(max(h, 0), 1), 0
	}
	return h, adaStretch * s * (1 - s)
}

// soften sets h, slope and e from v.
func (a *adaRounding) soften() {
	for i, v := range a.v {
		h, slope := adaSoft(float64(v))
		a.h[i], a.slope[i] = float32(h), float32(slope)
		a.e[i] = a.floor[i] + a.h[i] - a.w[i]
	}
}

// gradient turns H·e into the gradient of the objective by v.
func (a *adaRounding) gradient(he []float32, step int) {
	t := (float64(step)/adaSteps - adaWarmup) / (1 - adaWarmup)
	beta := adaBetaMin + float64((adaBetaMax-adaBetaMin)*(1+math.Cos(math.Pi*t))/2)
	for i, slope := range a.slope {
		g := 2 * float64(he[i])
		if t >= 0 && slope != 0 {
			u := 2*float64(a.h[i]) - 1
			g -= float64(adaWeight * 2 * beta * math.Copysign(math.Pow(math.Abs(u), beta-1), u))
		}
		he[i] = float32(g * float64(slope))
	}
}

// store writes the codes on the nearer side.
func (a *adaRounding) store(codes []int8, grids []grid) {
	a.soften()
	for r, g := range grids {
		for i, c := range a.f.order {
			at := r*a.f.k + i
			codes[r*a.f.k+c] = int8(g.clamp(float64(a.floor[at]) + math.Round(float64(a.h[at])) + float64(g.zero)))
		}
	}
}
