package milp

import (
	"cmp"
	"math"
	"slices"

	"mixq/milp/internal/lp"
)

// Limits of clique separation.
const (
	maxConflictCols = 4000 // binary columns for which the conflict graph is built
	maxConflictRow  = 400  // conflicting columns of a row that are paired
	maxCliqueStarts = 100
)

// conflicts is a graph of binary columns that cannot both be one.
type conflicts struct {
	cols  []Col    // binary columns, by vertex
	words int      // per vertex
	edges []uint64 // bit matrix
}

// newConflicts reads the conflicts off the rows. It returns nil if there are none or too many columns.
func newConflicts(t *tree) *conflicts {
	g := new(conflicts)
	vertex := make([]int, len(t.m.cols))
	for j, c := range t.m.cols {
		vertex[j] = -1
		if c.integer && !c.semi && t.rootLo[j] == 0 && t.rootHi[j] == 1 {
			vertex[j] = len(g.cols)
			g.cols = append(g.cols, Col(j))
		}
	}
	if len(g.cols) < 3 || len(g.cols) > maxConflictCols {
		return nil
	}
	g.words = (len(g.cols) + 63) / 64
	g.edges = make([]uint64, g.words*len(g.cols))
	found := false
	for i := range t.m.rows {
		cols, a := t.m.entries(Row(i))
		r := &t.m.rows[i]
		found = g.addRow(t, vertex, cols, a, 1, r.hi) || found
		found = g.addRow(t, vertex, cols, a, -1, -r.lo) || found
	}
	if !found {
		return nil
	}
	return g
}

// addRow adds the conflicts of sign·a·x <= hi: two columns whose coefficients
// together exceed what the least activity of the row leaves.
func (g *conflicts) addRow(t *tree, vertex []int, cols []Col, a []float64, sign, hi float64) (found bool) {
	type weight struct {
		vertex int
		a      float64
	}
	var list []weight
	room, size := hi, math.Abs(hi)
	for k, c := range cols {
		v := sign * a[k]
		least, _ := extremes(v, t.rootLo[c], t.rootHi[c])
		if v == 0 {
			continue
		}
		room -= least
		size = math.Max(size, math.Abs(v))
		if v > 0 && vertex[c] >= 0 {
			list = append(list, weight{vertex[c], v})
		}
	}
	if math.IsInf(room, 0) || math.IsNaN(room) {
		return false
	}
	slices.SortFunc(list, func(x, y weight) int {
		return cmp.Or(cmp.Compare(y.a, x.a), cmp.Compare(x.vertex, y.vertex))
	})
	list = list[:min(len(list), maxConflictRow)]
	for i := range list {
		for k := i + 1; k < len(list) && list[i].a+list[k].a > room+1e-6*size; k++ {
			g.connect(list[i].vertex, list[k].vertex)
			found = true
		}
	}
	return found
}

func (g *conflicts) connect(u, v int) {
	g.edges[u*g.words+v/64] |= 1 << (v % 64)
	g.edges[v*g.words+u/64] |= 1 << (u % 64)
}

// neighbours returns the bits of the vertices adjacent to v.
func (g *conflicts) neighbours(v int) []uint64 { return g.edges[v*g.words : (v+1)*g.words] }

// separate grows cliques greedily from the vertices of largest value in x and
// returns those whose values add up to more than one.
func (g *conflicts) separate(x []float64) (cuts []cut) {
	order := make([]int, len(g.cols))
	for v := range order {
		order[v] = v
	}
	slices.SortFunc(order, func(u, v int) int {
		return cmp.Or(cmp.Compare(x[g.cols[v]], x[g.cols[u]]), cmp.Compare(u, v))
	})
	common := make([]uint64, g.words)
	for _, start := range order[:min(len(order), maxCliqueStarts)] {
		if x[g.cols[start]] < 1e-3 || x[g.cols[start]] > 1-1e-6 {
			continue
		}
		clique, sum := []int{start}, x[g.cols[start]]
		copy(common, g.neighbours(start))
		for _, v := range order {
			if common[v/64]&(1<<(v%64)) == 0 {
				continue
			}
			clique, sum = append(clique, v), sum+x[g.cols[v]]
			for w, bits := range g.neighbours(v) {
				common[w] &= bits
			}
		}
		if efficacy := (sum - 1) / math.Sqrt(float64(len(clique))); efficacy > minEfficacy {
			cuts = append(cuts, g.cut(clique, efficacy))
		}
	}
	return cuts
}

// cut returns the inequality that at most one of the clique is one.
func (g *conflicts) cut(clique []int, efficacy float64) cut {
	slices.Sort(clique)
	k := cut{Row: lp.Row{Lo: math.Inf(-1), Hi: 1}, efficacy: efficacy}
	for _, v := range clique {
		k.Entries = append(k.Entries, lp.Entry{Col: int32(g.cols[v]), Val: 1})
	}
	return k
}
