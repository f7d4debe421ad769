package kernel

// Mul is dst[i] = x[i]·gate[i/size]: with size elements a plane of x, one
// element of gate for each plane. dst may be x.
func Mul(dst, x, gate []float32, size int) {
	for p, g := range gate {
		in, out := x[p*size:][:size], dst[p*size:][:size]
		for i, v := range in {
			out[i] = v * g
		}
	}
}

// MulGateBackward sets dgate to the gradient of Mul's gate: the sum of dy·x over
// each plane, in float64.
func MulGateBackward(dgate, dy, x []float32, size int) {
	for p := range dgate {
		in, out := x[p*size:][:size], dy[p*size:][:size]
		var s float64
		for i, v := range in {
			s += float64(v) * float64(out[i])
		}
		dgate[p] = float32(s)
	}
}
