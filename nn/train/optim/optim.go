// Package optim holds the update rules and learning-rate schedules of training.
// Formulas are those of torch.optim, evaluated in float32 element by element.
package optim

// Optimizer moves parameters along their gradients.
type Optimizer interface {
	// Step updates all parameters in place. Every call must pass the same
	// parameters, in the same order and sizes, each with its gradient.
	Step(rate float64, params, grads [][]float32)
}

// grow returns state for params: zeros at the first call, what it was later.
func grow(state, params [][]float32) [][]float32 {
	if state != nil {
		return state
	}
	state = make([][]float32, len(params))
	for i, p := range params {
		state[i] = make([]float32, len(p))
	}
	return state
}
