package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever the system does with the pages, the numbers stay.
func TestLargePages(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 1<<16 - 1, 1 << 16, 3 << 18} {
		x := randoms(r, n)
		want := slices.Clone(x)
		LargePages(x)
		if !slices.Equal(x, want) {
			t.Errorf("%d elements changed", n)
		}
	}
}
