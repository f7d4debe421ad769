package kernel

import "math"

// Softmax is exp(x)/sum exp(x) along each of the given rows of n elements,
// computed in float64 after subtracting the largest. dst may be x.
func Softmax(dst, x []float32, n int, rows Range) {
	for r := rows.Lo; r < rows.Hi; r++ {
		in, out := x[r*n:][:n], dst[r*n:][:n]
		lse := LogSumExp(in)
		for i, v := range in {
			out[i] = float32(math.Exp(float64(v) - lse))
		}
	}
}

// LogSumExp is log(sum exp(x)) without overflow.
func LogSumExp(x []float32) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	var s float64
	for _, v := range x {
		s += math.Exp(float64(v) - top)
	}
	return top + math.Log(s)
}

// SoftmaxBackward sets dx to the gradient of Softmax, given its output y:
// dx = y·(dy - sum dy·y) along each row. dx may be dy.
func SoftmaxBackward(dx, dy, y []float32, n int, rows Range) {
	for r := rows.Lo; r < rows.Hi; r++ {
		g, p, out := dy[r*n:][:n], y[r*n:][:n], dx[r*n:][:n]
		var dot float64
		for i, v := range p {
			dot += float64(g[i]) * float64(v)
		}
		for i, v := range p {
			out[i] = float32(float64(v) * (float64(g[i]) - dot))
		}
	}
}
