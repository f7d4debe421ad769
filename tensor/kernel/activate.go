package kernel

import (
	"math"

	"mixq/asm"
)

// unbounded is the Clamp that changes nothing.
var unbounded = Clamp{float32(math.Inf(-1)), float32(math.Inf(1))}

// Activate is dst[i] = clamp(x[i]). dst may be x. It panics if the lengths
// differ.
func Activate(dst, x []float32, act Clamp) {
	asm.FinishF32(dst, x, 0, nil, act.Lo, act.Hi)
}

// ActivateBackward sets dx to the gradient of clamping, given the output y:
// dy where y is strictly between the bounds, else 0. dx may be dy. It panics if
// the lengths differ.
func ActivateBackward(dx, dy, y []float32, act Clamp) {
	asm.MaskF32(dx, dy, y, act.Lo, act.Hi)
}

// Add is dst[i] = clamp(a[i] + b[i]). dst may be a or b. It panics if the
// lengths differ.
func Add(dst, a, b []float32, act Clamp) {
	asm.FinishF32(dst, a, 0, b, act.Lo, act.Hi)
}

// apply bounds v; a NaN stays one.
func (c Clamp) apply(v float32) float32 { return min(max(v, c.Lo), c.Hi) }

const badLengths = "kernel: slices differ in length"

// same panics unless all lengths are equal.
func same(n int, more ...int) {
	for _, m := range more {
		if m != n {
			panic(badLengths)
		}
	}
}
