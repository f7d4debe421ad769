package quantize

import (
	"context"
	"math"
	"reflect"
	"slices"
	"testing"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
)

// convolve is what layer l computes from x [n,C,H,W] or [n,I] with weights w and
// biases b, before activation: for every output channel, all its values.
func convolve(l layer, w []float64, b []float64, x []float32, n int) [][]float64 {
	in, ws := l.X.Type.Shape, l.Weight.Type.Shape
	image, row := in[1:].Elems(), ws[1:].Elems()
	out := make([][]float64, ws[0])
	op, isConv := l.node.Op.(*nn.Conv2d)
	for o := range out {
		for i := range n {
			x := x[i*image : (i+1)*image]
			if !isConv {
				sum := b[o]
				for k, v := range x {
					sum += w[o*row+k] * float64(v)
				}
				out[o] = append(out[o], sum)
				continue
			}
			first := o / (ws[0] / op.Groups) * ws[1]
			s := l.node.Out[0].Type.Shape
			for at := range s[2] * s[3] {
				sum := b[o]
				for k := range row {
					c, dy, dx := k/(ws[2]*ws[3]), k/ws[3]%ws[2], k%ws[3]
					y, x0 := at/s[3]*op.StrideH-op.PadTop+dy, at%s[3]*op.StrideW-op.PadLeft+dx
					if y >= 0 && y < in[2] && x0 >= 0 && x0 < in[3] {
						sum += w[o*row+k] * float64(x[((first+c)*in[2]+y)*in[3]+x0])
					}
				}
				out[o] = append(out[o], sum)
			}
		}
	}
	return out
}

// statistics are mean and standard deviation.
func statistics(x []float64) (mean, deviation float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		deviation += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, math.Sqrt(deviation)
}

// channelStatistics are those of every output channel of every layer of g over the
// images, computed by convolve from what infer says that each layer reads.
func channelStatistics(t *testing.T, g *nn.Graph, images *tensor.Tensor, m infer.Mode) (stats [][2]float64) {
	t.Helper()
	seen := map[string][]float32{}
	err := watch(g, images, m, 1, func(_ *nn.Node, v *nn.Value, data []float32) { seen[v.Name] = slices.Clone(data) })
	if err != nil {
		t.Fatal(err)
	}
	seen[g.Inputs[0].Name] = pixels(images, g.Pixels)
	if q := g.Inputs[0].Type.Quant; q != nil {
		codes, err := newStream(g, m, images, 1).inputBlock(0)
		if err != nil {
			t.Fatal(err)
		}
		seen[g.Inputs[0].Name] = reals(codes, q).Float32()
	}
	for _, l := range weighted(g) {
		var w, b []float64
		if m == infer.Float {
			w, b = widen(l.Weight.Data.Float32()), widen(l.Bias.Data.Float32())
		} else {
			w = weightsOf(l)
			for c, code := range l.Bias.Data.Int32() {
				b = append(b, float64(code)*float64(l.X.Type.Quant.Scale[0])*float64(l.Weight.Type.Quant.Scale[c]))
			}
		}
		for _, y := range convolve(l, w, b, seen[l.X.Name], images.Shape()[0]) {
			mean, deviation := statistics(y)
			stats = append(stats, [2]float64{mean, deviation})
		}
	}
	return stats
}

// After re-estimation every output channel of every layer has the mean and the
// standard deviation of the float network, and the codes are the same.
func TestReestimate(t *testing.T) {
	ctx := context.Background()
	cfg := runConfig(1)
	cfg.Bits, cfg.Limits, cfg.Rounding, cfg.Positions = []uint8{3}, Limits{}, Nearest, 1024
	j, err := Prepare(separableNet(t), noise(30, 30, 1), cfg)
	if err != nil {
		t.Fatal(err)
	}
	st, err := j.Calibrate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	plan := &Plan{}
	for _, l := range j.Layers {
		plan.Layers = append(plan.Layers, LayerBits{l.Layer, 3})
	}
	for _, a := range j.Acts {
		plan.Acts = append(plan.Acts, ActBits{a.Value, 8})
	}
	q, err := j.Round(ctx, plan, st)
	if err != nil {
		t.Fatal(err)
	}
	want := channelStatistics(t, j.Graph, j.Images, infer.Float)
	off := func(q *nn.Graph) (mean, deviation float64) {
		var steps []float64 // of biases
		for _, l := range weighted(q) {
			for _, s := range l.Weight.Type.Quant.Scale {
				steps = append(steps, float64(l.X.Type.Quant.Scale[0])*float64(s))
			}
		}
		for i, s := range channelStatistics(t, q, j.Images, infer.Integer) {
			mean = max(mean, math.Abs(s[0]-want[i][0])/steps[i])
			deviation = max(deviation, math.Abs(s[1]/want[i][1]-1))
		}
		return mean, deviation
	}
	var again [2]*nn.Graph
	for i := range again {
		again[i] = q.Clone()
		j.Config.Threads = 1 + i
		if err := Reestimate(ctx, j.Graph, again[i], j.Images, j.Config); err != nil {
			t.Fatal(err)
		}
	}
	// Biases have steps; the rest is the rounding of sums to float32.
	if _, deviation := off(q); deviation < .1 {
		t.Errorf("deviations are off by %v before: nothing to restore", deviation)
	}
	if mean, deviation := off(again[0]); mean > .51 || deviation > 1e-4 {
		t.Errorf("means are off by %v steps, deviations by a share of %v", mean, deviation)
	}
	for i, l := range weighted(q) {
		a, b := weighted(again[0])[i], weighted(again[1])[i]
		if !reflect.DeepEqual(a.Weight.Type, b.Weight.Type) || !slices.Equal(a.Bias.Data.Int32(), b.Bias.Data.Int32()) {
			t.Errorf("%s depends on the number of threads", l.node.Name)
		}
		if !slices.Equal(a.Weight.Data.Int8(), l.Weight.Data.Int8()) {
			t.Errorf("%s: codes have changed", l.node.Name)
		}
	}
}

// Channels that do not vary, in one network or the other, keep their scale, and so
// do those whose bias would leave 32 bits; their mean is set all the same.
func TestRestoreConstant(t *testing.T) {
	tests := []struct {
		name               string
		have, want         float64 // variances
		bias               float32
		scale, meanInScale float64
	}{
		{"both vary", 4, 9, 1, .75, 1.5},
		{"quantized constant", 0, 9, 1, .5, 1},
		{"float constant", 4, 0, 1, .5, 1},
		{"bias out of reach", 4, 4e-20, 1, .5, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := layer{Operands: nn.Operands{
				X:      &nn.Value{Type: nn.Type{Quant: &nn.Quant{Scale: []float32{.125}}}},
				Weight: &nn.Value{Type: nn.Type{Quant: &nn.Quant{Scale: []float32{.5}, Zero: []int32{0}}}},
				Bias:   &nn.Value{Data: tensor.FromInt32([]int32{0}, 1)},
			}}
			have := channelMoments{mean: []float64{1}, variance: []float64{tt.have}}
			have.restore(channelMoments{mean: []float64{3}, variance: []float64{tt.want}}, []float32{tt.bias}, l)
			scale := float64(l.Weight.Type.Quant.Scale[0])
			if scale != tt.scale {
				t.Errorf("scale %v, want %v", scale, tt.scale)
			}
			mean := tt.meanInScale + float64(l.Bias.Data.Int32()[0])*.125*scale
			if want := 3 + float64(tt.bias); math.Abs(mean-want) > .125*scale/2+1e-12 {
				t.Errorf("mean %v, want %v", mean, want)
			}
		})
	}
}
