package train

import (
	"fmt"
	"testing"

	"mixq/autograd"
	"mixq/models"
	"mixq/nn/train/optim"
)

// BenchmarkStep is a training step of ResNet-20 on a batch of 128: forward,
// backward and SGD.
func BenchmarkStep(b *testing.B) {
	g, err := models.Build("resnet20")
	if err != nil {
		b.Fatal(err)
	}
	const batch = 128
	x, labels := sequence(0, batch, 3, 32, 32), make([]int, batch)
	for i := range labels {
		labels[i] = i % 10
	}
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			t, err := newTrainer(Init(g, 1), threads)
			if err != nil {
				b.Fatal(err)
			}
			o := &optim.SGD{Momentum: .9, WeightDecay: 1e-4, Nesterov: true}
			for b.Loop() {
				if err := t.step(x, labels, 1e-3, o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// BenchmarkForward is inference of ResNet-20 on the tape.
func BenchmarkForward(b *testing.B) {
	g, err := models.Build("resnet20")
	if err != nil {
		b.Fatal(err)
	}
	g = Init(g, 1)
	const batch = 128
	x := sequence(0, batch, 3, 32, 32)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			tape := autograd.NewTape(threads)
			for b.Loop() {
				tape.Reset()
				if _, err := Forward(tape, g, []*autograd.Var{tape.Const(x)}, Options{Constant: true}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
