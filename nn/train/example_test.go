package train_test

import (
	"context"
	"fmt"
	"iter"

	"mixq/nn"
	"mixq/nn/train"
	"mixq/nn/train/optim"
	"mixq/tensor"
)

// A linear classifier learns which of two features is larger.
func ExampleRun() {
	b := nn.NewBuilder("which")
	g, err := b.Build(b.Linear("fc", b.Input("x", 1, 2), 2))
	if err != nil {
		panic(err)
	}
	x := tensor.FromFloat32([]float32{3, 1, 0, 2, 5, 4, -1, 1}, 4, 2)
	labels := []int{0, 1, 0, 1}
	epoch := func(int) iter.Seq2[*tensor.Tensor, []int] {
		return func(yield func(*tensor.Tensor, []int) bool) { yield(x, labels) }
	}
	trained, err := train.Run(context.Background(), train.Init(g, 1), epoch, train.Config{
		Epochs: 50, Steps: 1, Optimizer: &optim.SGD{Momentum: .9}, Schedule: optim.Constant(.1)})
	if err != nil {
		panic(err)
	}
	correct, images, _, err := train.Evaluate(trained, epoch(0), 1)
	fmt.Println(correct, "of", images, err)
	// Output: 4 of 4 <nil>
}
