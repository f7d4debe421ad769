package optim

import (
	"math"
	"testing"
)

// The optimizers are checked against PyTorch by the golden run of nn/train;
// here against their first steps by hand.
func TestFirstSteps(t *testing.T) {
	for _, tt := range []struct {
		name string
		opt  Optimizer
		want [2]float32 // after steps with gradients 1 and -2, from 1
	}{
		{"sgd", &SGD{}, [2]float32{.5, 1.5}},
		{"momentum", &SGD{Momentum: .5}, [2]float32{.5, 1.25}},                                      // v = 1, -1.5
		{"nesterov", &SGD{Momentum: .5, Nesterov: true}, [2]float32{.25, 1.625}},                    // g + v/2 = 1.5, -2.75
		{"weight decay", &SGD{WeightDecay: 1}, [2]float32{0, 1}},                                    // g = 2, -2
		{"adam", &Adam{}, [2]float32{.5, float32(.5 - .5*(-.11/.19)/math.Sqrt(4.999e-3/1.999e-3))}}, // m = .1, -.11
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := []float32{1}
			for i, g := range []float32{1, -2} {
				tt.opt.Step(.5, [][]float32{p}, [][]float32{{g}})
				if d := math.Abs(float64(p[0] - tt.want[i])); d > 1e-6 {
					t.Errorf("parameter after step %d = %v, want %v", i, p[0], tt.want[i])
				}
			}
		})
	}
}

func TestSchedules(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    Schedule
		want map[int]float64
	}{
		{"constant", Constant(.1), map[int]float64{0: .1, 1000: .1}},
		{"cosine", Cosine(1, 0, 4), map[int]float64{0: 1, 2: .5, 4: 0, 9: 0}},
		{"cosine with warm-up", Cosine(2, 4, 8), map[int]float64{0: .5, 3: 2, 4: 2, 6: 1, 8: 0}},
		{"steps", Steps(1, .5, 2, 4), map[int]float64{0: 1, 1: 1, 2: .5, 3: .5, 4: .25, 100: .25}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for step, want := range tt.want {
				if got := tt.s(step); math.Abs(got-want) > 1e-15 {
					t.Errorf("rate at step %d = %v, want %v", step, got, want)
				}
			}
		})
	}
}
