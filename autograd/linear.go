package autograd

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// linearRows is the number of output rows of a matrix product that one worker
// computes at a time.
const linearRows = 48

// Linear is clamp(x·weightᵀ + bias) for x [N,I], weight [O,I] and bias [O];
// bias may be nil.
func (t *Tape) Linear(x, weight, bias *Var, act kernel.Clamp) *Var {
	n, in, out := x.Value.Shape()[0], x.Value.Shape()[1], weight.Value.Shape()[0]
	y := t.alloc(n, out)
	plan := t.linear(in, out, weight.Value.Float32())
	t.rows(n, plan.Scratch(), func(lo, hi int, scratch []float32) {
		plan.Run(y.Float32(), x.Value.Float32(), data(bias), act, kernel.Range{Lo: lo, Hi: hi}, kernel.Range{Hi: plan.Tiles()}, scratch)
	})
	return t.result(y, func(dy *tensor.Tensor) { t.linearVJP(dy, y, x, weight, bias, act) }, x, weight, bias)
}

// linear returns a plan that holds the weight.
func (t *Tape) linear(in, out int, weight []float32) *kernel.LinearF32 {
	k := [2]int{in, out}
	if t.linears[k] == nil {
		t.linears[k] = kernel.NewLinearF32(in, out, weight)
	} else {
		t.linears[k].Repack(weight)
	}
	return t.linears[k]
}

func (t *Tape) linearVJP(dy, y *tensor.Tensor, x, weight, bias *Var, act kernel.Clamp) {
	n, in, out := x.Value.Shape()[0], x.Value.Shape()[1], weight.Value.Shape()[0]
	dz := t.unclamp(dy, y, act)
	if wants(bias) {
		db := t.alloc(out)
		kernel.BiasGrad(db.Float32(), dz.Float32(), n, 1, kernel.Range{Hi: out})
		t.give(bias, db)
	}
	if wants(weight) { // dW = dzᵀ·x
		dw := t.alloc(out, in)
		t.rows(out, kernel.GemmScratch(linearRows, in, n), func(lo, hi int, scratch []float32) {
			kernel.Gemm(true, false, hi-lo, in, n, 1, dz.Float32()[lo:], out, x.Value.Float32(), in, 0, dw.Float32()[lo*in:], in, scratch)
		})
		t.give(weight, dw)
	}
	if wants(x) { // dx = dz·W
		dx := t.alloc(n, in)
		t.rows(n, kernel.GemmScratch(linearRows, in, out), func(lo, hi int, scratch []float32) {
			kernel.Gemm(false, false, hi-lo, in, out, 1, dz.Float32()[lo*out:], out, weight.Value.Float32(), in, 0, dx.Float32()[lo*in:], in, scratch)
		})
		t.give(x, dx)
	}
	if dz != dy {
		t.memory.free(dz)
	}
}

// rows runs f on the threads for blocks of [0, n) rows.
func (t *Tape) rows(n, scratch int, f func(lo, hi int, scratch []float32)) {
	t.each((n+linearRows-1)/linearRows, scratch, func(i int, scratch []float32) {
		f(i*linearRows, min((i+1)*linearRows, n), scratch)
	})
}
