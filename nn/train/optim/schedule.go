package optim

import "math"

// Schedule gives the learning rate of every step of a training run, from 0.
type Schedule func(step int) float64

// Constant is the same rate at every step.
func Constant(rate float64) Schedule { return func(int) float64 { return rate } }

// Cosine rises linearly to rate over the first warmup steps and then falls to
// zero at step total along half a cosine (Loshchilov and Hutter 2017, without
// restarts).
func Cosine(rate float64, warmup, total int) Schedule {
	return func(step int) float64 {
		if step < warmup {
			return rate * float64(step+1) / float64(warmup)
		}
		if step >= total {
			return 0
		}
		return rate * (1 + math.Cos(math.Pi*float64(step-warmup)/float64(total-warmup))) / 2
	}
}

// Steps multiplies rate by factor at each of the milestones.
func Steps(rate, factor float64, milestones ...int) Schedule {
	return func(step int) float64 {
		r := rate
		for _, m := range milestones {
			if step >= m {
				r *= factor
			}
		}
		return r
	}
}
