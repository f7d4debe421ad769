package quantize

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// descentSweeps bounds the sweeps over all columns of a row. Most rows come to
// rest in three to five.
const descentSweeps = 12

// descentScales are the factors of a row's scale that descent starts from: the
// scale of least rounding error is not that of least output error, and only
// codes that were rounded for another scale lead to it.
var descentScales = [...]float32{1, .98, 1.02, .96, 1.04, .94, 1.06, .92, 1.08, .9, 1.1}

// descentWork bounds the starts times the columns of a row: where rows are long,
// fewer starts are made.
const descentWork = 4096

func descentStarts(k int) []float32 {
	return descentScales[:min(max(descentWork/k, 1), len(descentScales))]
}

// descentRows rounds like gramRows and goes on by coordinate descent on the same
// squared error: column after column, the code becomes the best one for the
// codes of all others, and after each sweep the scale does, until nothing
// changes. For the error e = w − s·c with c the codes less the zero point, the
// error eᵀHe changes by −2δs·(He)_j + δ²s²·H_jj if code j moves by δ, and its
// minimum over s is where cᵀHe = 0. The best of several starts is taken.
func descentRows(f *gramFactor) rowRounder {
	h := f.matrix()
	return func(codes []int8, w []float64, grids []grid) {
		k, fitted := f.k, slices.Clone(grids)
		tryCodes, tryGrids := make([]int8, len(codes)), make([]grid, len(grids))
		least := slices.Repeat([]float64{math.Inf(1)}, len(grids))
		hw := f.times(h, w)
		for _, by := range descentStarts(f.k) {
			for r, g := range fitted {
				g.scale *= by
				tryGrids[r] = g
			}
			f.round(tryCodes, w, tryGrids)
			for r := range grids {
				row := tryCodes[r*k : r*k+k]
				if e := newRowDescent(f, h, w[r*k:r*k+k], hw[r*k:r*k+k], row, &tryGrids[r]).descend(); e < least[r] {
					least[r], grids[r] = e, tryGrids[r]
					copy(codes[r*k:], row)
				}
			}
		}
	}
}

// matrix is H = GᵀG in the factor's order.
func (f *gramFactor) matrix() []float64 {
	h := make([]float64, len(f.g))
	copy(h, f.g)
	blas64.Trmm(blas.Left, blas.Trans, 1,
		blas64.Triangular{Uplo: blas.Upper, Diag: blas.NonUnit, N: f.k, Data: f.g, Stride: f.k},
		blas64.General{Rows: f.k, Cols: f.k, Data: h, Stride: f.k})
	return h
}

// times is H·w for each row of w, in the factor's order.
func (f *gramFactor) times(h, w []float64) []float64 {
	out, row := make([]float64, len(w)), make([]float64, f.k)
	for at := 0; at < len(w); at += f.k {
		for i, c := range f.order {
			row[i] = w[at+c]
		}
		for i := range f.k {
			out[at+i] = inner(h[i*f.k:(i+1)*f.k], row)
		}
	}
	return out
}

// rowDescent is the descent of one row.
type rowDescent struct {
	f     *gramFactor
	h     []float64 // K×K in the factor's order
	codes []int8
	grid  *grid
	hw    []float64 // H·w, in the factor's order as what follows
	e, he []float64 // the error of the row, and H·e
}

func newRowDescent(f *gramFactor, h, w, hw []float64, codes []int8, g *grid) *rowDescent {
	d := &rowDescent{f: f, h: h, codes: codes, grid: g, hw: hw, e: make([]float64, f.k), he: make([]float64, f.k)}
	for i, c := range f.order {
		d.e[i] = w[c] - g.real(int32(codes[c]))
	}
	for i := range d.he {
		d.he[i] = inner(d.row(i), d.e)
	}
	return d
}

// descend moves codes and scale in turn until they rest, and returns eᵀHe.
func (d *rowDescent) descend() float64 {
	for range descentSweeps {
		moved := d.sweep()
		if !d.rescale() && !moved {
			break
		}
	}
	return inner(d.e, d.he)
}

func (d *rowDescent) row(i int) []float64 { return d.h[i*d.f.k : (i+1)*d.f.k] }

// sweep moves every code once, and tells whether one has changed.
func (d *rowDescent) sweep() bool {
	s, moved := float64(d.grid.scale), false
	for i, c := range d.f.order {
		code := int32(d.codes[c])
		best := d.grid.clamp(float64(code) + math.RoundToEven(d.he[i]/(s*d.h[i*d.f.k+i])))
		if best == code {
			continue
		}
		d.codes[c], moved = int8(best), true
		d.move(i, -float64(s*float64(best-code)))
	}
	return moved
}

// move adds by to element i of the error.
func (d *rowDescent) move(i int, by float64) {
	d.e[i] += by
	for j, v := range d.row(i) {
		d.he[j] += float64(v * by)
	}
}

// leastRescale is the relative change of a scale that is worth another sweep.
const leastRescale = 1e-4

// rescale moves the scale to its best value, and tells whether it has changed.
func (d *rowDescent) rescale() bool {
	k := d.f.k
	c, hc := make([]float64, k), make([]float64, k)
	old := d.grid.scale
	for i, at := range d.f.order {
		c[i] = float64(int32(d.codes[at]) - d.grid.zero)
		hc[i] = (d.hw[i] - d.he[i]) / float64(old) // H·c, since e = w − s·c
	}
	scale := float32(float64(old) + inner(c, d.he)/inner(c, hc))
	if !(scale > 0) || math.IsInf(float64(scale), 0) || math.Abs(float64(scale/old)-1) < leastRescale {
		return false
	}
	d.grid.scale = scale
	by := float64(scale) - float64(old)
	for i := range c {
		d.e[i] -= float64(by * c[i])
		d.he[i] -= float64(by * hc[i])
	}
	return true
}

// inner is ⟨a, b⟩.
func inner(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}
