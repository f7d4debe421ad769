package quantize

import "mixq/tensor/kernel"

// curvature holds the factors in and out of a Kronecker approximation of the
// Fisher information of a layer's weights (K-FAC, Martens and Grosse 2015): if
// dW changes them and the bias makes up for the change of the mean output, the
// divergence at the end is about tr(out·dW·in·dWᵀ), up to a factor. They are sums
// of g·gᵀ and of gᵀ·g over the gradients g of whole images, so that, unlike
// products of moments of inputs and of gradients by position, they see what the
// positions of an image have in common. Layers with groups have none: for
// depthwise layers it did not help (docs/METHOD.md 4).
type curvature struct {
	n, k  int       // rows and columns of the weights
	count int       // gradients
	in    []float64 // K×K
	out   []float64 // N×N
}

// mostCurvatureWork is the number of multiply-accumulates for one gradient up to
// which a layer's curvature is worth its time.
const mostCurvatureWork = 1 << 30

// newCurvature is nil for a layer that is to have none.
func newCurvature(l layer, groups int) *curvature {
	s := l.Weight.Type.Shape
	n, k := s[0], s[1:].Elems()
	if groups > 1 || n*k > mostCurvatureWork/(n+k) {
		return nil
	}
	return &curvature{n: n, k: k, in: make([]float64, k*k), out: make([]float64, n*n)}
}

// A factor is brought nearer to what is known without it, the fewer gradients
// there are for each of its rows: in to the covariance of the inputs, of which it
// takes the place up to mostCurvature, and out to the identity.
const (
	curvatureShrinkage = 4
	mostCurvature      = .9
)

// blend is cov, the covariance of the inputs, with in mixed in.
func (c *curvature) blend(cov func(i, j int) float64) func(i, j int) float64 {
	if c == nil {
		return cov
	}
	share := mostCurvature * float64(c.count) / float64(c.count+curvatureShrinkage*c.k)
	have, want := 0.0, 0.0
	for i := range c.k {
		have += c.in[i*c.k+i]
		want += cov(i, i)
	}
	if !(have > 0 && want > 0) {
		return cov
	}
	by := share * want / have
	return func(i, j int) float64 { return float64((1-share)*cov(i, j)) + float64(by*c.in[i*c.k+j]) }
}

// outputs is the factor of out, nil if it says nothing.
func (c *curvature) outputs(threads int) (*gramFactor, error) {
	if c == nil {
		return nil, nil
	}
	mean := 0.0
	for i := range c.n {
		mean += c.out[i*c.n+i] / float64(c.n)
	}
	if !(mean > 0) {
		return nil, nil
	}
	share := float64(c.count) / float64(c.count+curvatureShrinkage*c.n)
	return newGramFactor(c.n, func(i, j int) float64 {
		v := share * c.out[i*c.n+j] / mean
		if i == j {
			v += 1 - share
		}
		return v
	}, threads)
}

// addGram adds aᵀ·a or a·aᵀ to dst, a being rows×k.
func addGram(dst []float64, a []float32, rows, k int, inner bool) {
	m, n := rows, k
	if inner {
		m, n = k, rows
	}
	tile := make([]float32, m*m)
	kernel.Gemm(inner, !inner, m, m, n, 1, a, k, a, k, 0, tile, m, make([]float32, kernel.GemmScratch(m, m, n)))
	for i, v := range tile {
		dst[i] += float64(v)
	}
}
