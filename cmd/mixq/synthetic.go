package main

import (
	"iter"
	"math/rand/v2"

	"mixq/models"
	"mixq/nn"
	"mixq/nn/train"
	"mixq/quantize"
	"mixq/tensor"
)

// A synthetic run quantizes random weights, or those of an ONNX file, on random
// images. It is for measuring speed where there is no trained network; its
// accuracies mean nothing, and the file says that it is one.

// Sizes of a synthetic run: enough for every step to do its work once.
const (
	syntheticCalib = 8
	syntheticEval  = 4
	syntheticNorm  = 2 // whose statistics the batch-norms take
)

// synthetic makes the network and the images of a synthetic run.
func (m *method) synthetic(bar *progress) (*nn.Graph, quantize.Data, error) {
	m.showProgress(bar)
	var d quantize.Data
	g, in, err := m.model.random(m.config.Seed)
	if err != nil {
		return nil, d, err
	}
	g.Pixels = preprocessing(in).Table()
	m.config.Synthetic = true
	m.config.SensImages, m.config.SensDraws, m.config.Positions = syntheticCalib, 1, 16
	shape := g.Inputs[0].Type.Shape[1:]
	for x := range (randomImages{syntheticNorm, shape, m.config.Seed + 2}).All() {
		if g, err = train.Normalise(g, x, m.config.Threads); err != nil {
			return nil, d, err
		}
	}
	d.Calib = randomImages{syntheticCalib, shape, m.config.Seed}
	d.Eval = randomImages{syntheticEval, shape, m.config.Seed + 1}
	return g, d, nil
}

// randomNetwork builds m with random weights.
func randomNetwork(m models.Model, seed uint64) (*nn.Graph, error) {
	g, err := m.Build()
	if err != nil {
		return nil, err
	}
	return train.Init(g, seed), nil
}

// randomImages is one batch of images of noise, all of class 0.
type randomImages struct {
	n     int
	shape tensor.Shape // C,H,W
	seed  uint64
}

// All yields the batch.
func (r randomImages) All() iter.Seq2[*tensor.Tensor, []int] {
	return func(yield func(*tensor.Tensor, []int) bool) {
		rng := rand.New(rand.NewPCG(r.seed, 0))
		x := tensor.New(tensor.Uint8, append([]int{r.n}, r.shape...)...)
		for i := range x.Uint8() {
			x.Uint8()[i] = uint8(rng.UintN(256))
		}
		yield(x, make([]int, r.n))
	}
}

// Err is nil: noise cannot fail.
func (r randomImages) Err() error { return nil }
