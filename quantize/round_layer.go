package quantize

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"mixq/internal/par"
	"mixq/nn"
	"mixq/tensor"
)

// rounded is a quantized layer.
type rounded struct {
	bits  uint8
	codes []int8
	grids []grid
	bias  []int32
}

func (r *rounded) store(l layer) {
	q := &nn.Quant{Bits: r.bits, Axis: 0, Scale: make([]float32, len(r.grids)), Zero: make([]int32, len(r.grids))}
	for o, g := range r.grids {
		q.Scale[o], q.Zero[o] = g.scale, g.zero
	}
	s := l.Weight.Type.Shape
	l.Weight.Type = nn.Type{Shape: s, DType: tensor.Int8, Quant: q}
	l.Weight.Data = tensor.FromInt8(r.codes, s...)
	l.Bias.Type = nn.Type{Shape: l.Bias.Type.Shape, DType: tensor.Int32}
	l.Bias.Data = tensor.FromInt32(r.bias, len(r.bias))
}

// fit is what rounding the output channels of one group needs.
type fit struct {
	target []float64 // rows of K, what to round; nil: the weights themselves
	rows   rowRounder
	x, y   []float64 // mean patches of the two streams that the bias makes up for
}

func newFit(m *moments, c *curvature, w []float32, rounding Rounding, threads int) (f fit, err error) {
	how := rounders[rounding]
	f.x, f.y = make([]float64, m.k), make([]float64, m.k)
	if how.correct {
		f.x, f.y = m.means()
	}
	if !how.gram {
		f.rows = how.rows(nil)
		return f, nil
	}
	cov := m.covariance()
	factor, mu, err := m.factor(cov, dampingOfTarget, threads)
	if err != nil {
		return f, err
	}
	f.target = twoStreamTarget(factor, m.crossCovariance(mu), w, threads)
	if factor, _, err = m.factor(c.blend(cov), dampingOfRounding, threads); err == nil {
		f.rows = how.rows(factor)
	}
	return f, err
}

// twoStreamTarget is W·(C+µI)·(H+µI)⁻¹, the weights that best give the float
// layer's output from the quantized stream's input, for c = C+µI.
func twoStreamTarget(f *gramFactor, c *mat.Dense, w []float32, threads int) []float64 {
	n := len(w) / f.k
	var rhs, target mat.Dense
	rhs.Mul(c.T(), mat.NewDense(n, f.k, widen(w)).T())
	f.solve(rhs.RawMatrix().Data, n, threads)
	target.CloneFrom(rhs.T())
	return target.RawMatrix().Data
}

// channelChunk is the number of output channels that one task rounds.
const channelChunk = 16

// eachChunk calls f for chunks of the output channels of each of some groups:
// channels [lo, hi) of the layer are of group g.
func eachChunk(threads, groups, perGroup int, f func(g, lo, hi int)) {
	chunks := (perGroup + channelChunk - 1) / channelChunk
	par.For(threads, groups*chunks, func(_, i int) {
		g, lo := i/chunks, i%chunks*channelChunk
		f(g, g*perGroup+lo, g*perGroup+min(lo+channelChunk, perGroup))
	})
}

// eachGroup calls f for each group, and shares the threads between the groups
// and what f does with its share.
func eachGroup(threads, groups int, f func(g, threads int) error) error {
	if groups == 1 {
		return f(0, threads)
	}
	errs := make([]error, groups)
	par.For(threads, groups, func(_, g int) { errs[g] = f(g, 1) })
	return errors.Join(errs...)
}

// roundLayer rounds the weights of l, whose input has scale sx, to the given
// bit-width. The curvature may be nil.
func roundLayer(l layer, sx float32, bits uint8, rounding Rounding, ms []*moments, c *curvature, threads int) (*rounded, error) {
	w, b := l.Weight.Data.Float32(), l.Bias.Data.Float32()
	k := ms[0].k
	perGroup := len(b) / len(ms)
	fits := make([]fit, len(ms))
	err := eachGroup(threads, len(ms), func(g, threads int) (err error) {
		fits[g], err = newFit(ms[g], c, w[g*perGroup*k:(g+1)*perGroup*k], rounding, threads)
		return err
	})
	if err != nil {
		return nil, err
	}
	out, err := c.outputs(threads)
	if err != nil {
		return nil, err
	}
	r := &rounded{bits: bits, codes: make([]int8, len(w)), grids: make([]grid, len(b)), bias: make([]int32, len(b))}
	if out != nil {
		r.inSequence(fits[0], w, b, sx, out)
		return r, nil
	}
	eachChunk(threads, len(ms), perGroup, func(g, lo, hi int) {
		f, rows := fits[g], widen(w[lo*k:hi*k])
		target := rows
		if f.target != nil {
			target = f.target[(lo-g*perGroup)*k : (hi-g*perGroup)*k]
		}
		r.round(lo, rows, target, b[lo:hi], sx, f)
	})
	return r, nil
}

// inSequence rounds output channels one after the other, each to make up for the
// errors of those before it as far as they do the same to the outputs of the
// network. With out = GᵀG this is to rows of an error E what gramFactor.round is to
// its columns, so that both together go for the least tr(out·E·in·Eᵀ).
func (r *rounded) inSequence(f fit, w, b []float32, sx float32, out *gramFactor) {
	k, n := len(w)/len(b), len(b)
	errs := make([]float64, len(w)) // rows in the order of out
	target := make([]float64, k)
	for i := n - 1; i >= 0; i-- {
		o := out.order[i]
		want := f.target[o*k : o*k+k]
		copy(target, want)
		for p := i + 1; p < n; p++ {
			u := float64(out.unit[i*n+p])
			for j, e := range errs[p*k : p*k+k] {
				target[j] += float64(u * e)
			}
		}
		r.round(o, widen(w[o*k:o*k+k]), target, b[o:o+1], sx, f)
		for j, q := range r.codes[o*k : o*k+k] {
			errs[i*k+j] = want[j] - r.grids[o].real(int32(q))
		}
	}
}

// round rounds the output channels from lo on, with weights rows, to be like
// target.
func (r *rounded) round(lo int, rows, target []float64, b []float32, sx float32, f fit) {
	n, k := len(b), len(rows)/len(b)
	roundRows(r.codes[lo*k:(lo+n)*k], r.grids[lo:lo+n], target, r.bits, f.rows)
	for i := range n {
		r.setBias(lo+i, rows[i*k:i*k+k], target[i*k:i*k+k], float64(b[i]), float64(sx), f)
	}
}

// roundRows fits a grid to each of some output channels and rounds them.
func roundRows(codes []int8, grids []grid, w []float64, bits uint8, rows rowRounder) {
	k := len(w) / len(grids)
	for o := range grids {
		grids[o] = fitGrid(w[o*k:o*k+k], bits)
	}
	rows(codes, w, grids)
}

// setBias sets the bias of output channel o to b + row·y − deq·x, which makes
// the mean output that of the float layer.
func (r *rounded) setBias(o int, row, target []float64, b, sx float64, f fit) {
	g := &r.grids[o]
	codes := r.codes[o*len(row) : (o+1)*len(row)]
	real := f.correctedBias(codes, *g, row, b)
	if math.Abs(real) > maxBias*sx*float64(g.scale) {
		// The weights are so small beside the bias that the bias would not fit
		// 32 bits at their scale: take the scale that fits it, at which they
		// round to next to nothing.
		g.scale, g.zero = float32(math.Abs(real)/(sx*maxBias/2)), 0
		g.nearest(codes, target)
		real = f.correctedBias(codes, *g, row, b)
	}
	r.bias[o] = int32(math.RoundToEven(real / (sx * float64(g.scale))))
}

// maxBias bounds bias codes, well inside 32 bits so that the sum of products
// fits beside them.
const maxBias = 1 << 29

func (f fit) correctedBias(codes []int8, g grid, row []float64, b float64) float64 {
	for i, q := range codes {
		b += float64(row[i]*f.y[i]) - float64(g.real(int32(q))*f.x[i])
	}
	return b
}
