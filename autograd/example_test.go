package autograd_test

import (
	"fmt"
	"math"

	"mixq/autograd"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// The gradient of a loss with respect to a weight.
func Example() {
	x := tensor.FromFloat32([]float32{1, 2, 3, 4}, 2, 2) // two rows of two features
	w := tensor.FromFloat32([]float32{1, -1, 0, 1}, 2, 2)

	t := autograd.NewTape(1)
	weight := t.Param(w)
	none := kernel.Clamp{Lo: float32(math.Inf(-1)), Hi: float32(math.Inf(1))}
	logits := t.Linear(t.Const(x), weight, nil, none)
	loss := t.CrossEntropy(logits, []int{1, 1})
	t.Backward(loss, tensor.FromFloat32([]float32{1}, 1))

	fmt.Println("logits", logits.Value.Float32())
	fmt.Printf("loss %.4f\n", loss.Value.Float32()[0])
	fmt.Printf("gradient %.4f\n", weight.Grad.Float32())
	// Output:
	// logits [-1 2 -1 4]
	// loss 0.0277
	// gradient [0.0338 0.0608 -0.0338 -0.0608]
}
