package quantize

import (
	"context"
	"math"

	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// Equalized counts the values whose channels Job.Equalize has scaled.
type Equalized struct {
	Weights int `json:"weights"` // by cross-layer equalization
	Acts    int `json:"acts"`    // by the ranges of activations
}

// Equalize scales channels of j.Graph as the configuration asks, before anything
// is measured on it. For activations it needs a pass over the calibration images,
// on which the real-valued function stays the same.
func (j *Job) Equalize(ctx context.Context) (err error) {
	g := j.Graph.Clone()
	if j.Config.Equalize {
		if j.equalized.Weights, err = rewrite.Equalize.Apply(g); err != nil {
			return err
		}
	}
	if vs := rewrite.DepthwiseInputs(g); j.Config.EqualizeActs && len(vs) > 0 {
		peaks, err := channelPeaks(ctx, g, vs, j.Images, j.Config)
		if err != nil {
			return err
		}
		if j.equalized.Acts, err = rewrite.EqualizeActs(peaks).Apply(g); err != nil {
			return err
		}
	}
	j.Graph = g
	return nil
}

// channelPeaks are the largest magnitudes of every channel of some values of the
// real-valued network over the images, by name and channel.
func channelPeaks(ctx context.Context, g *nn.Graph, values []*nn.Value, images *tensor.Tensor, cfg Config) (map[string][]float64, error) {
	var ts []group
	peaks := make([][]float64, len(values))
	for i, v := range values {
		ts = append(ts, group{values: []*nn.Value{v}, source: []*nn.Value{v}})
		peaks[i] = make([]float64, v.Type.Shape[1])
	}
	done := 0
	step := func() { done++; cfg.Progress(StageEqualize, done, numBlocks(images)) }
	err := observe(ctx, g, ts, images, cfg.Threads, step, func(i int, data []float32) error {
		plane := values[i].Type.Shape[2:].Elems()
		for c := 0; len(data) > 0; c, data = c+1, data[plane:] {
			p := &peaks[i][c%len(peaks[i])]
			for _, x := range data[:plane] {
				*p = max(*p, math.Abs(float64(x)))
			}
		}
		return nil
	})
	byName := map[string][]float64{}
	for i, v := range values {
		byName[v.Name] = peaks[i]
	}
	return byName, err
}
