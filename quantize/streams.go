package quantize

import (
	"context"
	"slices"

	"mixq/infer"
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// A stream is one network's activations for all calibration images: the float
// network's, or those of the network as far as it is already quantized. Only
// the activations at one boundary are kept; those between it and a layer are
// computed again when the layer is visited, so that memory stays at one block
// output of the network however deep it is (NUMERICS.md 20), and boundaries
// where it would take more than keptBytes are passed over.
type stream struct {
	g       *nn.Graph
	mode    infer.Mode
	threads int
	images  int
	at      int              // the boundary is the output of node at; -1: the graph input
	data    []*tensor.Tensor // pixels, real values or codes at the boundary: a tensor [n,...] for each block
}

// keptBytes bounds the activations that a stream keeps, unless the images
// themselves take more.
const keptBytes = 512 << 20

func newStream(g *nn.Graph, mode infer.Mode, images *tensor.Tensor, threads int) *stream {
	s := &stream{g: g, mode: mode, threads: threads, images: images.Shape()[0], at: -1}
	for b := range numBlocks(images) {
		s.data = append(s.data, blockOf(images, b))
	}
	return s
}

func (s *stream) boundary() *nn.Value {
	if s.at < 0 {
		return s.g.Inputs[0]
	}
	return s.g.Nodes[s.at].Out[0]
}

// cutBefore is the last node before index i whose output is all that node i
// and the nodes after it need of what comes before, and can be kept for all
// images; -1 if there is none.
func (s *stream) cutBefore(i int) int {
	for j := i - 1; j >= 0; j-- {
		if s.canKeep(s.g.Nodes[j].Out[0]) && isCut(s.g, j) {
			return j
		}
	}
	return -1
}

func (s *stream) canKeep(v *nn.Value) bool {
	size := 4 // of a real value
	if s.mode == infer.Integer && v.Type.Quant != nil {
		size = 1
	}
	return int64(s.images)*int64(size*v.Type.Shape[1:].Elems()) <= keptBytes
}

func isCut(g *nn.Graph, j int) bool {
	before := map[*nn.Value]bool{}
	for _, v := range g.Inputs {
		before[v] = true
	}
	for _, n := range g.Nodes[:j] {
		before[n.Out[0]] = true
	}
	for _, n := range g.Nodes[j+1:] {
		if slices.ContainsFunc(n.In, func(v *nn.Value) bool { return before[v] }) {
			return false
		}
	}
	return true
}

// visit moves the boundary up to node i and returns a function that gives the
// first input of that node for a block of images, as real values or codes.
// The tensor it returns is valid until the next call.
func (s *stream) visit(ctx context.Context, i int) (func(b int) (*tensor.Tensor, error), func(), error) {
	if err := s.approach(ctx, i); err != nil {
		return nil, nil, err
	}
	return s.from(s.g.Nodes[i].In[0])
}

// approach moves the boundary as near to node i as it can be kept before it.
func (s *stream) approach(ctx context.Context, i int) error {
	if cut := s.cutBefore(i); cut > s.at {
		return s.advance(ctx, cut)
	}
	return nil
}

// clone is a stream at the same boundary that moves on its own.
func (s *stream) clone() *stream {
	c := *s
	c.data = slices.Clone(s.data)
	return &c
}

// gather computes v, at the boundary or behind it, for the first n images, which
// are whole blocks.
func (s *stream) gather(ctx context.Context, v *nn.Value, n int) (*tensor.Tensor, error) {
	next, stop, err := s.from(v)
	if err != nil {
		return nil, err
	}
	defer stop()
	shape := v.Type.Shape.Clone()
	shape[0] = n
	var all *tensor.Tensor
	for b := range n / block {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x, err := next(b)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = tensor.New(x.DType(), shape...)
		}
		copyRows(blockOf(all, b), x)
	}
	return all, nil
}

// advance recomputes the kept activations at the output of node to.
func (s *stream) advance(ctx context.Context, to int) error {
	v := s.g.Nodes[to].Out[0]
	next, stop, err := s.from(v)
	if err != nil {
		return err
	}
	defer stop()
	for b := range s.data {
		if err := ctx.Err(); err != nil {
			return err
		}
		x, err := next(b)
		if err != nil {
			return err
		}
		s.data[b] = x.Clone() // what it is computed from is not needed any more
	}
	s.at = to
	return nil
}

// from compiles the part of the network between the boundary and v.
func (s *stream) from(v *nn.Value) (next func(b int) (*tensor.Tensor, error), stop func(), err error) {
	start := s.boundary()
	if v == start && s.at >= 0 {
		return func(b int) (*tensor.Tensor, error) { return s.data[b], nil }, func() {}, nil
	}
	if v == start { // the images themselves
		return s.inputBlock, func() {}, nil
	}
	part, err := s.g.Extract([]*nn.Value{start}, []*nn.Value{v})
	if err != nil {
		return nil, nil, err
	}
	p, err := infer.Compile(part, infer.Options{Batch: block, Threads: s.threads, Mode: s.mode})
	if err != nil {
		return nil, nil, err
	}
	run := p.NewSession()
	return func(b int) (*tensor.Tensor, error) {
		out, err := run.Run(s.data[b])
		if err != nil {
			return nil, err
		}
		return out[0], nil
	}, run.Close, nil
}

// inputBlock is a block of images as the first layer sees it: real values, or
// their codes.
func (s *stream) inputBlock(b int) (*tensor.Tensor, error) {
	x := s.data[b]
	in := s.g.Inputs[0]
	if s.mode == infer.Float {
		return tensor.FromFloat32(pixels(x, s.g.Pixels), x.Shape()...), nil
	}
	codes := make([]uint8, x.Len())
	kernel.Quantize(codes, pixels(x, s.g.Pixels), kernelGrid(in.Type.Quant))
	return tensor.FromUint8(codes, x.Shape()...), nil
}

// kernelGrid is the per-tensor grid q in the form that kernels take.
func kernelGrid(q *nn.Quant) kernel.Grid {
	_, top := nn.UnsignedRange(q.Bits)
	return kernel.Grid{Scale: q.Scale[0], Zero: q.Zero[0], Max: top}
}

// reals returns the real values of x, which holds codes on q.
func reals(x *tensor.Tensor, q *nn.Quant) *tensor.Tensor {
	real := tensor.New(tensor.Float32, x.Shape()...)
	kernel.Dequantize(real.Float32(), x.Uint8(), kernelGrid(q))
	return real
}
