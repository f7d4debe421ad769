package rewrite

import (
	"fmt"
	"math"
	"slices"

	"mixq/nn"
)

// Equalize is cross-layer equalization (Nagel et al., "Data-Free Quantization
// Through Weight Equalization and Bias Correction", ICCV 2019, section 4.1): where
// layers follow one another with no activation between them but ReLU, channel c of
// the value between them is divided by √(r1/r2), for the largest magnitude r1 of
// the weights that compute it and r2 of those that it is multiplied with, so that
// both become √(r1·r2). Chains of layers are swept until nothing moves.
var Equalize = Rewrite{"equalize", equalize}

// Equalize stops when no scale is further than equalizeTolerance from 1, or after
// equalizeSweeps, when the function is as equal as before but ranges are not yet.
const (
	equalizeTolerance = 1e-3
	equalizeSweeps    = 100
)

func equalize(g *nn.Graph) (int, error) {
	ls := slices.DeleteFunc(links(g), func(l link) bool { return !homogeneous(l.from) })
	for range equalizeSweeps {
		moved := 0.0
		for _, l := range ls {
			r := l.crossLayerScales()
			for _, v := range r {
				moved = max(moved, math.Abs(math.Log(v)))
			}
			l.divide(r)
		}
		if moved < equalizeTolerance {
			break
		}
	}
	return len(ls), nil
}

// homogeneous reports whether the activation f fused into n is positively
// homogeneous: f(s·x) = s·f(x) for s > 0.
func homogeneous(n *nn.Node) bool {
	o, _ := n.Operands()
	c := o.Act.Clamp()
	free := func(bound float32) bool { return bound == 0 || math.IsInf(float64(bound), 0) }
	return free(c.Lo) && free(c.Hi)
}

// crossLayerScales are √(r1/r2) by channel; 1 where no weight differs from 0 on
// one of the two sides.
func (l link) crossLayerScales() []float64 {
	r1, r2 := make([]float64, l.channels()), make([]float64, l.channels())
	o, _ := l.from.Operands()
	row := o.Weight.Type.Shape[1:].Elems()
	raise(r1, o.Weight, func(i int) int { return i / row })
	for _, n := range l.to {
		o, _ := n.Operands()
		raise(r2, o.Weight, inputChannel(n))
	}
	for c := range r1 {
		if r1[c] = math.Sqrt(r1[c] / r2[c]); !(r1[c] > 0) || math.IsInf(r1[c], 0) {
			r1[c] = 1
		}
	}
	return r1
}

// raise makes r[channel(i)] at least the magnitude of element i of v.
func raise(r []float64, v *nn.Value, channel func(i int) int) {
	for i, x := range v.Data.Float32() {
		c := channel(i)
		r[c] = max(r[c], math.Abs(float64(x)))
	}
}

// DepthwiseInputs lists the values that a layer with weights computes and only
// depthwise convolutions read: those that EqualizeActs can scale.
func DepthwiseInputs(g *nn.Graph) []*nn.Value {
	var vs []*nn.Value
	for _, l := range links(g) {
		if l.depthwise() {
			vs = append(vs, l.value)
		}
	}
	return vs
}

// leastActScale bounds the scales of EqualizeActs, so that a channel that happened
// to be small wherever it was looked at is not cut off far below the others: 4
// bits of resolution more than theirs are enough for it.
const leastActScale = 1.0 / 16

// EqualizeActs gives every channel of a value that only depthwise convolutions
// read a grid of its own, in effect: the channel is divided by its largest
// magnitude in peaks (by name of the value, then channel) relative to that of the
// largest channel, so that all use the whole range of codes, and the depthwise
// weights, whose grids are by channel anyway, are multiplied by it. A channel
// that is always 0 stays.
//
// The float function stays the same for inputs that keep to the peaks. Behind
// ReLU6, larger values are cut closer to the peak of their channel than to 6, as
// codes would cut them.
func EqualizeActs(peaks map[string][]float64) Rewrite {
	return Rewrite{"equalize activations", func(g *nn.Graph) (changed int, err error) {
		for _, l := range links(g) {
			p := peaks[l.value.Name]
			if !l.depthwise() || p == nil {
				continue
			}
			if len(p) != l.channels() {
				return changed, fmt.Errorf("%s has %d channels, %d peaks are given", l.value.Name, l.channels(), len(p))
			}
			l.divide(actScales(p))
			changed++
		}
		return changed, nil
	}}
}

// actScales are the scales of channels with the given peaks: the largest gets 1.
func actScales(peaks []float64) []float64 {
	top := slices.Max(peaks)
	r := slices.Repeat([]float64{1}, len(peaks))
	for c, p := range peaks {
		if p > 0 {
			r[c] = max(p/top, leastActScale)
		}
	}
	return r
}
