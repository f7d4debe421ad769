package kernel

// apply bounds v; a NaN stays one.
func (c Clamp) apply(v float32) float32 { return min(max(v, c.Lo), c.Hi) }

// Activate is dst[i] = clamp(x[i]). dst may be x. It panics if the lengths
// differ.
func Activate(dst, x []float32, act Clamp) {
	same(len(dst), len(x))
	for i, v := range x {
		dst[i] = act.apply(v)
	}
}

// ActivateBackward sets dx to the gradient of clamping, given the output y:
// dy where y is strictly between the bounds, else 0. dx may be dy. It panics if
// the lengths differ.
func ActivateBackward(dx, dy, y []float32, act Clamp) {
	same(len(dx), len(dy), len(y))
	for i, g := range dy {
		if v := y[i]; !(v > act.Lo && v < act.Hi) {
			g = 0
		}
		dx[i] = g
	}
}

// Add is dst[i] = clamp(a[i] + b[i]). dst may be a or b. It panics if the
// lengths differ.
func Add(dst, a, b []float32, act Clamp) {
	same(len(dst), len(a), len(b))
	for i, v := range a {
		dst[i] = act.apply(v + b[i])
	}
}

const badLengths = "kernel: slices differ in length"

// same panics unless all lengths are equal.
func same(n int, more ...int) {
	for _, m := range more {
		if m != n {
			panic(badLengths)
		}
	}
}
