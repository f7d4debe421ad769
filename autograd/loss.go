package autograd

import (
	"math"

	"mixq/tensor"
	"mixq/tensor/kernel"
)

const badLabels = "autograd: CrossEntropy: there must be one label in 0..classes-1 for each row"

// CrossEntropy is the mean over the rows of logits [N,C] of
// -log softmax(logits)[label], as a tensor of one element. It panics if the
// labels do not fit.
func (t *Tape) CrossEntropy(logits *Var, labels []int) *Var {
	s := logits.Value.Shape()
	if len(labels) != s[0] {
		panic(badLabels)
	}
	var loss float64
	for i, label := range labels {
		if label < 0 || label >= s[1] {
			panic(badLabels)
		}
		row := logits.Value.Float32()[i*s[1]:][:s[1]]
		loss += kernel.LogSumExp(row) - float64(row[label])
	}
	return t.mean(loss, logits, func(i int, target []float32) { target[labels[i]]++ })
}

// KL is the mean over the rows of logits [N,C] of KL(p ‖ softmax(logits)) with
// p = softmax(reference), as a tensor of one element. The reference [N,C] is a
// constant.
func (t *Tape) KL(reference *tensor.Tensor, logits *Var) *Var {
	s := logits.Value.Shape()
	if !s.Equal(reference.Shape()) {
		panic(badShape)
	}
	p := t.alloc(s...)
	kernel.Softmax(p.Float32(), reference.Float32(), s[1], kernel.Range{Hi: s[0]})
	var loss float64
	for i := range s[0] {
		loss += klRow(reference.Float32()[i*s[1]:][:s[1]], logits.Value.Float32()[i*s[1]:][:s[1]])
	}
	return t.mean(loss, logits, func(i int, target []float32) { copy(target, p.Float32()[i*s[1]:]) })
}

// klRow is KL(softmax(a) ‖ softmax(b)).
func klRow(a, b []float32) float64 {
	la, lb := kernel.LogSumExp(a), kernel.LogSumExp(b)
	var s float64
	for i, v := range a {
		x := float64(v) - la
		s += math.Exp(x) * (x - float64(b[i]) + lb)
	}
	return s
}

// mean records a loss summed over the rows of logits whose gradient, per row,
// is softmax(logits) - target; setTarget writes the target of row i over zeros.
func (t *Tape) mean(sum float64, logits *Var, setTarget func(i int, target []float32)) *Var {
	s := logits.Value.Shape()
	y := t.alloc(1)
	y.Float32()[0] = float32(sum / float64(s[0]))
	return t.result(y, func(dy *tensor.Tensor) {
		dx := t.alloc(s...)
		g := dx.Float32()
		kernel.Softmax(g, logits.Value.Float32(), s[1], kernel.Range{Hi: s[0]})
		scale := dy.Float32()[0] / float32(s[0])
		target := make([]float32, s[1])
		for i := range s[0] {
			clear(target)
			setTarget(i, target)
			for j, v := range target {
				g[i*s[1]+j] = (g[i*s[1]+j] - v) * scale
			}
		}
		t.give(logits, dx)
	}, logits)
}
