// Package autograd computes gradients by recording operators on a tape and
// playing their vector-Jacobian products (VJPs) backwards. It knows tensors and
// kernels, not networks; nn/train runs graphs on it.
//
// Activations are N,C,H,W or N,C float32 tensors. Operands that do not fit
// together are bugs of the caller, who has checked them (nn.Graph.Validate), and
// panic.
//
// Work is spread over the tape's threads by images, channels or fixed blocks
// of them, and blocks are added in order: the number of threads does not change
// a bit.
package autograd

import (
	"mixq/internal/par"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// Tape records operators as they run. It is not safe for concurrent use; use
// one tape per goroutine. A tape keeps its memory: after Reset the next pass of
// equal shape allocates next to nothing.
type Tape struct {
	threads int
	vars    []*Var
	steps   []step
	memory  memory
	convs   map[convShape]*conv
	linears map[[2]int]*kernel.LinearF32 // by I and O
	scratch [][]float32                  // one per worker
}

// Var is a value on a tape. Grad is its gradient after Backward: set for
// parameters and retained variables that the output depends on, nil for others.
// Value and Grad belong to the tape, except for the values of Const and Param:
// they are overwritten after Reset, and Grad also by the next Backward.
type Var struct {
	Value *tensor.Tensor
	Grad  *tensor.Tensor
	wants bool // a parameter, or computed from one
	keep  bool // Grad outlives Backward
}

// step is one recorded operator.
type step struct {
	out *Var
	vjp func(dy *tensor.Tensor)
}

const (
	badGradShape = "autograd: Backward: the gradient and the output differ in shape"
	badShape     = "autograd: operands differ in shape"
)

// NewTape returns an empty tape that works on max(1, threads) goroutines.
func NewTape(threads int) *Tape {
	threads = max(1, threads)
	return &Tape{threads: threads, memory: newMemory(), convs: map[convShape]*conv{},
		linears: map[[2]int]*kernel.LinearF32{}, scratch: make([][]float32, threads)}
}

// Reset forgets all variables and operators; their memory serves the next pass.
func (t *Tape) Reset() {
	clear(t.vars)
	clear(t.steps)
	t.vars, t.steps = t.vars[:0], t.steps[:0]
	t.memory.reset()
}

// Const puts x on the tape as a value without gradient.
func (t *Tape) Const(x *tensor.Tensor) *Var { return t.add(&Var{Value: x}) }

// Param puts x on the tape as a value whose gradient is wanted.
func (t *Tape) Param(x *tensor.Tensor) *Var { return t.add(&Var{Value: x, wants: true, keep: true}) }

// Retain keeps the gradient of an intermediate v after Backward.
func (t *Tape) Retain(v *Var) { v.keep = true }

func (t *Tape) add(v *Var) *Var {
	t.vars = append(t.vars, v)
	return v
}

// result makes the output of an operator with the given inputs (nil ones are
// absent) and records its VJP, which is played only if an input wants its
// gradient. The VJP may use dy until it returns.
func (t *Tape) result(value *tensor.Tensor, vjp func(dy *tensor.Tensor), in ...*Var) *Var {
	out := t.add(&Var{Value: value})
	for _, v := range in {
		out.wants = out.wants || wants(v)
	}
	if out.wants {
		t.steps = append(t.steps, step{out, vjp})
	}
	return out
}

func wants(v *Var) bool { return v != nil && v.wants }

// Custom puts the result out of an operator of the caller's on the tape. vjp
// returns the gradient of every input, nil for those without one, each in a new
// tensor or dy itself; it must not change dy.
func (t *Tape) Custom(out *tensor.Tensor, vjp func(dy *tensor.Tensor) []*tensor.Tensor, in ...*Var) *Var {
	return t.result(out, func(dy *tensor.Tensor) {
		for i, g := range vjp(dy) {
			if g != nil && in[i].wants {
				t.give(in[i], t.owned(g, dy))
			}
		}
	}, in...)
}

// Backward sets the gradients of <dy, out> on the tape; those of an earlier
// Backward are dropped, so one forward pass may serve several. It panics if dy
// and out differ in shape.
func (t *Tape) Backward(out *Var, dy *tensor.Tensor) {
	if !dy.Shape().Equal(out.Value.Shape()) {
		panic(badGradShape)
	}
	for _, v := range t.vars {
		t.drop(v)
	}
	out.Grad = t.copyOf(dy)
	for i := len(t.steps) - 1; i >= 0; i-- {
		s := t.steps[i]
		if s.out.Grad == nil {
			continue
		}
		s.vjp(s.out.Grad)
		if !s.out.keep {
			t.drop(s.out)
		}
	}
}

// drop releases the gradient of v.
func (t *Tape) drop(v *Var) {
	if v.Grad != nil {
		t.memory.free(v.Grad)
		v.Grad = nil
	}
}

// give adds g, which now belongs to the tape, to the gradient of v.
func (t *Tape) give(v *Var, g *tensor.Tensor) {
	if !g.Shape().Equal(v.Value.Shape()) {
		panic(badShape)
	}
	if v.Grad == nil {
		v.Grad = g
		return
	}
	sum, term := v.Grad.Float32(), g.Float32()
	t.elements(len(sum), func(lo, hi int) {
		kernel.Add(sum[lo:hi], sum[lo:hi], term[lo:hi], unbounded)
	})
	t.memory.free(g)
}

// copyOf returns a copy of x that belongs to the tape.
func (t *Tape) copyOf(x *tensor.Tensor) *tensor.Tensor {
	c := t.alloc(x.Shape()...)
	copy(c.Float32(), x.Float32())
	return c
}

// grain is the number of elements that are worth a goroutine of their own.
const grain = 1 << 14

// elements runs f on the threads for intervals of [0, n) elements.
func (t *Tape) elements(n int, f func(lo, hi int)) {
	par.Range(t.threads, n, grain, func(_, lo, hi int) { f(lo, hi) })
}

// planes runs f on the threads for intervals of [0, n) pieces of size elements.
func (t *Tape) planes(n, size int, f func(lo, hi int)) {
	par.Range(t.threads, n, max(1, grain/max(1, size)), func(_, lo, hi int) { f(lo, hi) })
}

// each runs f on the threads for every i in [0, n), with scratch memory of the
// given number of elements.
func (t *Tape) each(n, scratch int, f func(i int, scratch []float32)) {
	par.For(t.threads, n, func(worker, i int) {
		if len(t.scratch[worker]) < scratch {
			t.scratch[worker] = make([]float32, scratch)
		}
		f(i, t.scratch[worker])
	})
}
