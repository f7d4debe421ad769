package quantize

import (
	"context"
	"math"
	"slices"

	"mixq/internal/par"
)

// gram is a matrix over candidates from the projections a of their perturbations
// on the same gradients, as lower triangles with the diagonal.
type gram struct {
	row     []int       // layer or activation of each candidate
	mean    [][]float64 // E[a·aᵀ]
	squares [][]float64 // the mean square of what single images give
	images  int
}

func newGram(e *experiment) *gram {
	g := &gram{images: e.len()}
	for i, row := range e.zeros() {
		g.row = append(g.row, slices.Repeat([]int{i}, len(row))...)
	}
	for i := range g.row {
		g.mean = append(g.mean, make([]float64, i+1))
		g.squares = append(g.squares, make([]float64, i+1))
	}
	return g
}

// pairs measures sensitivities, the diagonal of E[a·aᵀ], and interactions, what is
// off it. For a plan x the expected square of the projection of all its
// perturbations together is xᵀE[a·aᵀ]x, so the matrix is positive semidefinite.
func (m gradients) pairs(ctx context.Context, e experiment) ([][]float64, *Pairs, error) {
	g := newGram(&e)
	err := m.eachBlock(ctx, e, func(images [][]terms) {
		as := make([][][]float64, len(images)) // by image and draw
		for i, draws := range images {
			for _, t := range draws {
				as[i] = append(as[i], slices.Concat(t...))
			}
		}
		par.For(e.cfg.Threads, len(g.row), func(_, i int) { g.addRow(i, as) })
	})
	if err != nil {
		return nil, nil, err
	}
	draws := float64(e.cfg.SensDraws)
	scale(g.mean, 1/float64(e.len()*e.cfg.SensDraws))
	scale(g.squares, 1/(float64(e.len())*float64(draws*draws)))
	values, pairs := e.zeros(), &Pairs{Shrinkage: g.shrinkage()}
	for i := range values {
		for j := range values[i] {
			k := len(pairs.Rows)
			values[i][j] = g.mean[k][k]
			pairs.Rows = append(pairs.Rows, g.mean[k][:k])
		}
	}
	return values, pairs, nil
}

// addRow adds row i of a block of images, as gradients.run adds.
func (g *gram) addRow(i int, images [][][]float64) {
	n := i + 1
	image, sum, squares := make([]float64, n), make([]float64, n), make([]float64, n)
	for _, draws := range images {
		clear(image)
		for _, a := range draws {
			for j, v := range a[:n] {
				image[j] += float64(a[i] * v)
			}
		}
		for j, v := range image {
			sum[j] += v
			squares[j] += float64(v * v)
		}
	}
	for j := range n {
		g.mean[i][j] += sum[j]
		g.squares[i][j] += squares[j]
	}
}

// shrinkage is the share of the square of the interactions r = E[a·a′]/√(E[a²]E[a′²])
// of different layers that is variance of the estimate: Σ var(r)/Σ r², the best
// weight of a diagonal target (Schäfer and Strimmer 2005, target D).
func (g *gram) shrinkage() float64 {
	var noise, all float64
	for i, row := range g.mean {
		for j, m := range row {
			size := float64(row[i] * g.mean[j][j])
			if g.row[i] == g.row[j] || size == 0 {
				continue
			}
			noise += (g.squares[i][j] - float64(m*m)) / float64(g.images-1) / size
			all += float64(m*m) / size
		}
	}
	if g.images < 2 || all == 0 {
		return 1 // nothing is known of them
	}
	return math.Min(1, math.Max(0, noise/all))
}
