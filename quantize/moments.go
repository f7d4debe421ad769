package quantize

import (
	"gonum.org/v1/gonum/mat"

	"mixq/internal/par"
	"mixq/tensor/kernel"
)

// moments are the first and second moments of the input patches of one group
// of a layer, x from the stream that is quantized so far and y from the float
// stream; in a single-stream pass y is x.
type moments struct {
	k    int
	rows int
	x, y []float64 // Σ x, Σ y: K
	xx   []float64 // Σ x·xᵀ: K×K, upper triangle
	yx   []float64 // Σ y·xᵀ: K×K; nil in a single-stream pass
}

func newMoments(k int, two bool) *moments {
	m := &moments{k: k, x: make([]float64, k), xx: make([]float64, k*k)}
	m.y = m.x
	if two {
		m.y, m.yx = make([]float64, k), make([]float64, k*k)
	}
	return m
}

// momentColumns is how many columns of a second moment one task computes.
const momentColumns = 64

// accumulate adds the rows of patch matrices x and y ([group][rows][K]; y is
// nil in a single-stream pass) to the moments of each group. Sums over the
// rows of a block are float32, sums over blocks float64.
func accumulate(ms []*moments, x, y []float32, rows, threads int, scratch *momentScratch) {
	k := ms[0].k
	chunks := (k + momentColumns - 1) / momentColumns
	scratch.fit(threads, k, rows)
	par.For(threads, len(ms)*chunks, func(worker, i int) {
		m, g, lo := ms[i/chunks], i/chunks, i%chunks*momentColumns
		hi := min(lo+momentColumns, k)
		xg := x[g*rows*k : (g+1)*rows*k]
		tile, pack := scratch.tile[worker], scratch.pack[worker]
		addProduct(m.xx, xg, xg, rows, k, hi, lo, hi, tile, pack)
		sumColumns(m.x, xg, k, lo, hi)
		if y != nil {
			yg := y[g*rows*k : (g+1)*rows*k]
			addProduct(m.yx, yg, xg, rows, k, k, lo, hi, tile, pack)
			sumColumns(m.y, yg, k, lo, hi)
		}
	})
	for _, m := range ms {
		m.rows += rows
	}
}

// addProduct adds rows [0, m) and columns [lo, hi) of aᵀ·b to dst.
func addProduct(dst []float64, a, b []float32, rows, k, m, lo, hi int, tile, pack []float32) {
	n := hi - lo
	kernel.Gemm(true, false, m, n, rows, 1, a, k, b[lo:], k, 0, tile, n, pack)
	for i := range m {
		row := dst[i*k+lo : i*k+hi]
		for j, v := range tile[i*n : i*n+n] {
			row[j] += float64(v)
		}
	}
}

func sumColumns(dst []float64, a []float32, k, lo, hi int) {
	for ; len(a) > 0; a = a[k:] {
		for j := lo; j < hi; j++ {
			dst[j] += float64(a[j])
		}
	}
}

// momentScratch is memory of accumulate, reused between blocks.
type momentScratch struct{ tile, pack [][]float32 }

func (s *momentScratch) fit(threads, k, rows int) {
	tile, pack := k*momentColumns, kernel.GemmScratch(k, momentColumns, rows)
	for len(s.tile) < threads {
		s.tile, s.pack = append(s.tile, nil), append(s.pack, nil)
	}
	for i := range s.tile {
		if len(s.tile[i]) < tile {
			s.tile[i] = make([]float32, tile)
		}
		if len(s.pack[i]) < pack {
			s.pack[i] = make([]float32, pack)
		}
	}
}

// mean of x and of y.
func (m *moments) means() (x, y []float64) {
	x, y = make([]float64, m.k), make([]float64, m.k)
	for i := range x {
		x[i], y[i] = m.x[i]/float64(m.rows), m.y[i]/float64(m.rows)
	}
	return x, y
}

// damping is what is added to the diagonal of second moments: the larger of least
// and scarcity·K/rows times its mean. The second takes over where a layer has few
// rows for its K inputs, as a classifier has with one row an image, and its sample
// covariance is far from the true one.
type damping struct{ least, scarcity float64 }

// The weights that best give the float output need much more of it than what they
// are rounded by: they fit the calibration images less, and others better
// (docs/METHOD.md 4).
var (
	dampingOfTarget   = damping{.3, 1}
	dampingOfRounding = damping{.01, .4}
)

// Where inputs hardly vary about their means, as gates of squeeze-and-excitation
// may not, the covariance is a difference of sums that are rounded to float32. The
// damping is at least what that takes from an eigenvalue as a rule, leastRounding
// times the trace, and grows up to mostRounding until the matrix is positive
// definite.
const (
	leastRounding = 0x1p-22
	mostRounding  = 0x1p-12
)

// covariance gives Cov(x, x), by its upper triangle.
func (m *moments) covariance() func(i, j int) float64 {
	n := float64(m.rows)
	return func(i, j int) float64 { return m.xx[i*m.k+j]/n - float64(m.x[i]/n*(m.x[j]/n)) }
}

// trace is that of E[x·xᵀ].
func (m *moments) trace() float64 {
	sum := 0.0
	for i := range m.k {
		sum += m.xx[i*m.k+i] / float64(m.rows)
	}
	return sum
}

// factor factors cov + µI, and returns µ as well. cov is Cov(x, x), or another
// matrix in its units.
func (m *moments) factor(cov func(i, j int) float64, d damping, threads int) (*gramFactor, float64, error) {
	diag, trace := 0.0, m.trace()
	for i := range m.k {
		diag += cov(i, i)
	}
	mu := max(max(d.least, d.scarcity*float64(m.k)/float64(m.rows))*diag/float64(m.k), leastRounding*trace)
	if !(mu > 0) {
		mu = 1 // every input is constant: any positive matrix will do
	}
	for {
		f, err := newGramFactor(m.k, func(i, j int) float64 {
			if i == j {
				return cov(i, i) + mu
			}
			return cov(i, j)
		}, threads)
		if err == nil || !(mu < mostRounding*trace) {
			return f, mu, err
		}
		mu *= 4
	}
}

// crossCovariance is Cov(y, x) + µI.
func (m *moments) crossCovariance(mu float64) *mat.Dense {
	n := float64(m.rows)
	c := mat.NewDense(m.k, m.k, nil)
	for i := range m.k {
		for j := range m.k {
			c.Set(i, j, m.yx[i*m.k+j]/n-float64(m.y[i]/n*(m.x[j]/n)))
		}
		c.Set(i, i, c.At(i, i)+mu)
	}
	return c
}
