package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mixq/milp"
)

// randomPairs gives a table the interactions of random projections, of which those
// of a layer are alike as in networks, and makes sensitivities their squares.
func randomPairs(rng *rand.Rand, t *SensTable, samples int, shrinkage float64) {
	var size []float64
	var sens [][]float64
	for _, l := range t.Layers {
		sens = append(sens, l.Sensitivity)
	}
	for _, a := range t.Acts {
		if a.Sensitivity != nil {
			sens = append(sens, a.Sensitivity)
		}
	}
	for _, s := range sens {
		for _, v := range s {
			size = append(size, math.Sqrt(v))
		}
	}
	g := make([][]float64, len(size))
	for i := range g {
		g[i] = make([]float64, i+1)
	}
	a := make([]float64, len(size))
	for range samples {
		k := 0
		for _, s := range sens {
			common := rng.NormFloat64()
			for range s {
				a[k] = size[k] * (common + .5*rng.NormFloat64())
				k++
			}
		}
		for i := range g {
			for j := range g[i] {
				g[i][j] += a[i] * a[j] / float64(samples)
			}
		}
	}
	t.Pairs = &Pairs{Shrinkage: shrinkage}
	k := 0
	for _, s := range sens {
		for i := range s {
			s[i] = g[k][k]
			t.Pairs.Rows = append(t.Pairs.Rows, g[k][:k])
			k++
		}
	}
}

// interactions is what pairs of the widths chosen add to the sum of sensitivities.
func (b *brute) interactions() (sum float64) {
	if b.t.Pairs == nil {
		return 0
	}
	var taken []int // candidates
	n := 0
	add := func(bits []uint8, width uint8) {
		taken = append(taken, n+slices.Index(bits, width))
		n += len(bits)
	}
	for i, l := range b.t.Layers {
		add(l.Bits, b.w[i])
	}
	for i, a := range b.t.Acts {
		if a.Sensitivity != nil {
			add(a.Bits, b.a[i])
		}
	}
	for i, c := range taken {
		for _, d := range taken[:i] {
			sum += 2 * (1 - b.t.Pairs.Shrinkage) * b.t.Pairs.Rows[c][d]
		}
	}
	return sum
}

// With interactions an allocation is the best of all choices up to the gap, within
// several budgets and with ties of both kinds.
func TestAllocatePairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 6))
	ties := [][]Tie{nil, {{Layers: "[ab]"}}, {{Layers: "[bc]"}, {Layers: "[abc]", Inputs: true}}}
	solved := 0
	for i := range 60 {
		table := randomTable(rng, 3+rng.IntN(2), 2, 4, 5)
		if i%2 > 0 {
			randomActs(rng, table, 4, 6, 8)
		}
		randomPairs(rng, table, 12, []float64{0, .3, .97, 1}[i%4])
		limits := Limits{Ties: ties[i/4%len(ties)]}
		if i%2 == 0 && len(limits.Ties) > 1 {
			limits.Ties = limits.Ties[:1]
		}
		all := []Budget{
			{Compression, 8 + 6*rng.Float64()},
			{BitOperations, math.Floor(floatOperations(table) * (.01 + .03*rng.Float64()))},
			{ActivationBytes, 5000},
		}
		for n := range len(all) + 1 {
			limits.Budgets = all[:n]
			if checkAllocation(t, table, limits) {
				solved++
			}
		}
	}
	if solved < 120 {
		t.Errorf("%d solved", solved)
	}
}

// A matrix that is not positive semidefinite, as measured interactions may be, is
// no obstacle.
func TestAllocateIndefinite(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 7))
	for range 20 {
		table := randomTable(rng, 5, 2, 3, 5)
		randomPairs(rng, table, 20, 0)
		for i, row := range table.Pairs.Rows {
			for j := range row {
				row[j] += .02 * rng.NormFloat64() * math.Sqrt(table.candidate(i)*table.candidate(j))
			}
		}
		checkAllocation(t, table, budgets(Budget{Compression, 9}))
	}
}

// candidate is the sensitivity of a candidate of the weights.
func (t *SensTable) candidate(i int) float64 {
	n := len(t.Layers[0].Bits)
	return t.Layers[i/n].Sensitivity[i%n]
}

// Where interactions are noise altogether, the allocation is that without them.
func TestAllocateShrunk(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 8))
	table := randomTable(rng, 20, 2, 3, 4, 5, 6, 7, 8)
	randomPairs(rng, table, 40, 1)
	limits := budgets(Budget{Compression, 8})
	got, err := Allocate(context.Background(), table, limits)
	if err != nil {
		t.Fatal(err)
	}
	table.Pairs = nil
	want, err := Allocate(context.Background(), table, limits)
	if err != nil || math.Abs(got.Objective-want.Objective) > 1e-12*want.Objective || got.Bound > want.Objective*(1+1e-12) || got.Status != milp.Optimal {
		t.Errorf("got %v, bound %v (%v), want %v, %v", got.Objective, got.Bound, got.Status, want.Objective, err)
	}
}

// When the context ends, the best solution so far comes with a bound that holds,
// or an error.
func TestAllocatePairsCancelled(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	table := randomTable(rng, 30, 2, 3, 4, 5, 6, 7, 8)
	randomPairs(rng, table, 20, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	plan, err := Allocate(ctx, table, budgets(Budget{Compression, 8}))
	switch {
	case err != nil:
		if !strings.Contains(err.Error(), "timelimit") {
			t.Error(err)
		}
	case plan.Status != milp.TimeLimit || plan.Bound > plan.Objective:
		t.Errorf("%v: %v, bound %v", plan.Status, plan.Objective, plan.Bound)
	}
}
