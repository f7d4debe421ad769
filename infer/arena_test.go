package infer

import (
	"math/rand/v2"
	"testing"
)

// TestPlace checks with random lives that no two slots that are needed at the
// same step share an element, and that the arena is no larger than all slots
// together nor smaller than what some step needs.
func TestPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var slots []*slot
		sum := 0
		const steps = 12
		for range rng.IntN(15) {
			s := &slot{size: 1 + rng.IntN(40), first: rng.IntN(steps)}
			s.last = s.first + rng.IntN(steps-s.first)
			slots = append(slots, s)
			sum += s.size
		}
		size := place(slots)
		need := 0
		for step := range steps {
			owner := make([]int, size)
			used := 0
			for i, s := range slots {
				if step < s.first || step > s.last {
					continue
				}
				for at := s.offset; at < s.offset+s.size; at++ {
					if owner[at] != 0 {
						t.Fatalf("step %d: slots %d and %d share element %d", step, owner[at]-1, i, at)
					}
					owner[at] = i + 1
					used++
				}
			}
			need = max(need, used)
		}
		if size < need || size > sum {
			t.Fatalf("arena of %d elements, want %d to %d", size, need, sum)
		}
	}
}
