package quantize

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// Reestimate restores the mean and the variance of what every output channel of
// the quantized network q computes, before residual and activation, to those of
// the float network g over the images: the statistics of batch normalisation,
// estimated again on the quantized network as Sun et al. do ("Hybrid 8-bit
// Floating Point Training and Inference for Deep Neural Networks", NeurIPS 2019),
// where it is folded already. The ratio of standard deviations goes into the
// scales of weights, the difference of means into the bias; codes stay. Layers are
// visited in execution order, each with the inputs that those before it now give.
func Reestimate(ctx context.Context, g, q *nn.Graph, images *tensor.Tensor, cfg Config) error {
	cfg = cfg.withDefaults()
	x := newStream(q, infer.Integer, images, cfg.Threads)
	y := newStream(g, infer.Float, images, cfg.Threads)
	var scratch momentScratch
	quantized := weighted(q)
	for i, l := range weighted(g) {
		p := newPatches(l, i, cfg.Positions, cfg.Seed)
		var ms [2][]*moments
		for j, s := range []*stream{x, y} {
			var err error
			if ms[j], err = layerMoments(ctx, l, p, s, nil, cfg.Threads, &scratch); err != nil {
				return err
			}
		}
		t := quantized[i]
		want := outputMoments(ms[1], widen(l.Weight.Data.Float32()))
		have := outputMoments(ms[0], weightsOf(t))
		have.restore(want, l.Bias.Data.Float32(), t)
		cfg.Progress(StageReestimate, i+1, len(quantized))
	}
	return q.Validate()
}

// channelMoments are the mean and the variance of every output channel of a layer
// without its bias.
type channelMoments struct{ mean, variance []float64 }

// outputMoments are those of the layer with weights w whose groups have inputs
// with moments ms: w·E[x] and w·Cov(x, x)·wᵀ. A variance that could come from
// rounding of the sums alone is 0.
func outputMoments(ms []*moments, w []float64) (out channelMoments) {
	k := ms[0].k
	rows := len(w) / k / len(ms)
	for g, m := range ms {
		mean, _ := m.means()
		covariance, trace := m.covariance(), m.trace()
		cov := mat.NewSymDense(k, nil)
		for i := range k {
			for j := i; j < k; j++ {
				cov.SetSym(i, j, covariance(i, j))
			}
		}
		wg := mat.NewDense(rows, k, w[g*rows*k:(g+1)*rows*k])
		var wc mat.Dense
		wc.Mul(wg, cov)
		for o := range rows {
			row := wg.RawRowView(o)
			v := inner(row, wc.RawRowView(o))
			if !(v > leastRounding*trace*inner(row, row)) {
				v = 0
			}
			out.mean = append(out.mean, inner(row, mean))
			out.variance = append(out.variance, v)
		}
	}
	return out
}

// restore changes scales and biases of the quantized layer l, whose channels have
// moments m, so that they get those of want with biases b.
func (m channelMoments) restore(want channelMoments, b []float32, l layer) {
	grid := *l.Weight.Type.Quant
	grid.Scale = slices.Clone(grid.Scale)
	bias := make([]int32, len(b))
	sx := float64(l.X.Type.Quant.Scale[0])
	for c := range b {
		code := func(scale float32) float64 {
			gain := float64(scale) / float64(grid.Scale[c])
			return math.RoundToEven((float64(b[c]) + want.mean[c] - float64(gain*m.mean[c])) / (sx * float64(scale)))
		}
		scale := grid.Scale[c]
		if m.variance[c] > 0 && want.variance[c] > 0 {
			scale = float32(float64(scale) * math.Sqrt(want.variance[c]/m.variance[c]))
		}
		if math.Abs(code(scale)) > maxBias { // beside weights that are nearly nothing: the mean alone
			scale = grid.Scale[c]
		}
		bias[c] = int32(min(max(code(scale), -maxBias), maxBias))
		grid.Scale[c] = scale
	}
	l.Weight.Type.Quant = &grid
	l.Bias.Data = tensor.FromInt32(bias, len(bias))
}
