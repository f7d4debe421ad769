package infer

import (
	"cmp"
	"slices"
	"testing"

	"mixq/models"
	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// integerZeros is a network in the form that quantize writes, with zeros for all
// weights and one grid for all activations: enough to plan its memory.
func integerZeros(t *testing.T, model string) *nn.Graph {
	t.Helper()
	g, err := models.Build(model)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Params() {
		v.Data = tensor.New(tensor.Float32, v.Type.Shape...)
	}
	if g, err = rewrite.Run(g, rewrite.FoldBN, rewrite.FuseAct, rewrite.FuseAdd); err != nil {
		t.Fatal(err)
	}
	grid := func(n int) *nn.Quant {
		return &nn.Quant{Bits: 8, Axis: -1, Scale: slices.Repeat([]float32{1}, n), Zero: make([]int32, n)}
	}
	quantize := func(v *nn.Value) { v.Type.DType, v.Type.Quant = tensor.Uint8, grid(1) }
	quantize(g.Inputs[0])
	for _, n := range g.Nodes {
		if o, ok := n.Operands(); ok {
			o.Weight.Type.DType, o.Weight.Type.Quant = tensor.Int8, grid(1)
			o.Weight.Data = tensor.New(tensor.Int8, o.Weight.Type.Shape...)
			o.Bias.Type.DType, o.Bias.Data = tensor.Int32, tensor.New(tensor.Int32, o.Bias.Type.Shape...)
		}
		if !slices.Contains(g.Outputs, n.Out[0]) {
			quantize(n.Out[0])
		}
	}
	return g
}

// greedyBySize is the size of an arena by the algorithm "Greedy by Size for
// Offset Calculation" of Pisarchyk and Lee (2020): the largest value first, each
// in the smallest gap that holds it between those that live at the same time.
func greedyBySize(slots []*slot) (size int) {
	type placed struct {
		*slot
		at int
	}
	var done []placed // by offset
	order := slices.Clone(slots)
	slices.SortStableFunc(order, func(a, b *slot) int { return cmp.Compare(b.size, a.size) })
	for _, s := range order {
		best, gap, end := -1, 0, 0
		for _, p := range done {
			if !s.overlaps(p.slot) {
				continue
			}
			if g := p.at - end; g >= s.size && (best < 0 || g < gap) {
				best, gap = end, g
			}
			end = max(end, p.at+p.size)
		}
		if best < 0 {
			best = end
		}
		done = append(done, placed{s, best})
		slices.SortStableFunc(done, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
		size = max(size, best+s.size)
	}
	return size
}

// leastArena is what the values of some step take together.
func leastArena(slots []*slot, steps int) (size int) {
	for step := range steps {
		sum := 0
		for _, s := range slots {
			if s.first <= step && step <= s.last {
				sum += s.size
			}
		}
		size = max(size, sum)
	}
	return size
}

// TestArenaOfNetworks: no arena is larger than greedy placement by size makes it.
func TestArenaOfNetworks(t *testing.T) {
	for _, model := range []string{"resnet18", "resnet50", "mobilenet_v2", "inception_v3"} {
		g := integerZeros(t, model)
		c := newCompiler(g, Options{Batch: 1, Threads: 2})
		var codes []*slot
		for _, s := range c.all {
			if !s.real {
				codes = append(codes, s)
			}
		}
		size, greedy, least := place(codes), greedyBySize(codes), leastArena(codes, len(g.Inputs)+len(g.Nodes)+len(g.Outputs))
		t.Logf("%s: %d bytes, greedy by size %d, lower bound %d", model, size, greedy, least)
		if size > greedy || size < least {
			t.Errorf("%s: an arena of %d bytes, want %d to %d", model, size, least, greedy)
		}
	}
}

// TestActivationBytes: what is said of a network without weights is what a
// program of it plans, and fewer bits do not change it.
func TestActivationBytes(t *testing.T) {
	g := integerZeros(t, "resnet8")
	p, err := Compile(g, Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, bits := range []uint8{8, 4} {
		bare := g.Clone()
		for _, v := range bare.Params() {
			v.Data = nil
		}
		for _, n := range bare.Nodes {
			if q := n.Out[0].Type.Quant; q != nil {
				q.Bits = bits
			}
		}
		got, err := ActivationBytes(bare, Integer)
		if err != nil || got != int64(4*p.realSize+p.codeSize) || got < 32*32*16*2 {
			t.Errorf("%d bits: %d bytes (%v), the program plans %d and %d", bits, got, err, p.realSize, p.codeSize)
		}
	}
	slices.Reverse(g.Nodes)
	if _, err := ActivationBytes(g, Integer); err == nil {
		t.Error("an invalid graph is accepted")
	}
}
