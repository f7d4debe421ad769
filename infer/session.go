package infer

import (
	"fmt"

	"mixq/internal/par"
	"mixq/nn"
	"mixq/tensor"
)

// Session runs a Program in memory of its own. It is for one goroutine at a
// time. Close ends its worker goroutines; a Session that becomes unreachable
// closes itself.
type Session struct {
	p        *Program
	pool     *par.Pool
	job      job
	outputs  [][]*tensor.Tensor // by number of images; views of the last
	observed []float32          // what Options.Observe is shown
}

// NewSession makes the arenas and starts the workers.
func (p *Program) NewSession() *Session {
	s := &Session{p: p, pool: par.NewPool(p.opt.Threads)}
	s.job.env = newEnv(p, s.pool.Threads())
	s.outputs = make([][]*tensor.Tensor, p.opt.Batch+1)
	s.outputs[p.opt.Batch] = p.newOutputs()
	s.job.env.in, s.job.env.out = make([]*tensor.Tensor, len(p.graph.Inputs)), s.outputs[p.opt.Batch]
	if p.opt.Observe != nil {
		s.observed = make([]float32, p.opt.Batch*p.largest())
	}
	return s
}

// newOutputs makes the tensors that hold the results of a whole batch.
func (p *Program) newOutputs() []*tensor.Tensor {
	var out []*tensor.Tensor
	for _, v := range p.graph.Outputs {
		shape := v.Type.Shape.Clone()
		shape[0] = p.opt.Batch
		d := tensor.Float32
		if p.opt.Mode == Integer {
			d = v.Type.DType
		}
		out = append(out, tensor.New(d, shape...))
	}
	return out
}

// largest is the most elements that an output of a layer has for one image.
func (p *Program) largest() int {
	n := 0
	for _, node := range p.graph.Nodes {
		for _, v := range node.Out {
			n = max(n, v.Type.Shape.Elems())
		}
	}
	return n
}

// Close ends the session's goroutines. The session must not run any more.
func (s *Session) Close() { s.pool.Close() }

// Run computes the outputs for the given inputs, in the order of the graph's.
// Inputs have the shapes of the graph's inputs, with 1 to Options.Batch images
// for the leading 1. They are Float32 real values, or Uint8: bytes of pixels if
// the graph has a pixel table, else codes of a quantized input.
//
// Outputs belong to the session and hold until its next Run. A quantized output
// is Uint8 codes in Integer mode; all others are Float32. Run allocates nothing
// once it has seen a number of images.
func (s *Session) Run(in ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	n, err := s.p.checkInputs(in)
	if err != nil {
		return nil, err
	}
	copy(s.job.env.in, in) // keeping the slice itself would make it escape from the caller
	for first := 0; first < n; first += s.p.group {
		s.job.env.first = first
		s.runGroup(min(s.p.group, n-first))
	}
	clear(s.job.env.in)
	return s.results(n), nil
}

// runGroup takes a number of images through all steps.
func (s *Session) runGroup(images int) {
	for i := range s.p.steps {
		st := &s.p.steps[i]
		if st.tiles > 0 {
			s.pool.Run(s.job.begin(st, images, s.pool.Threads()), &s.job)
		}
		if st.node != nil && s.p.opt.Observe != nil {
			s.observe(st, images)
		}
		if s.p.opt.Trace != nil {
			s.p.opt.Trace(st.node)
		}
	}
}

// results are the outputs cut to n images.
func (s *Session) results(n int) []*tensor.Tensor {
	if s.outputs[n] == nil {
		for _, t := range s.outputs[s.p.opt.Batch] {
			s.outputs[n] = append(s.outputs[n], t.Slice(0, n))
		}
	}
	return s.outputs[n]
}

// checkInputs returns the number of images.
func (p *Program) checkInputs(in []*tensor.Tensor) (int, error) {
	if len(in) != len(p.graph.Inputs) {
		return 0, fmt.Errorf("infer: %s: %d inputs, want %d", p.graph.Name, len(in), len(p.graph.Inputs))
	}
	n := 0
	for i, v := range p.graph.Inputs {
		t := in[i]
		s := t.Shape()
		if len(s) != len(v.Type.Shape) || !s[1:].Equal(v.Type.Shape[1:]) || s[0] > p.opt.Batch {
			return 0, fmt.Errorf("infer: input %s is %v, want %v with up to %d images", v.Name, s, v.Type.Shape, p.opt.Batch)
		}
		if i > 0 && s[0] != n {
			return 0, fmt.Errorf("infer: input %s has %d images, the one before has %d", v.Name, s[0], n)
		}
		n = s[0]
		bytes := t.DType() == tensor.Uint8 && (len(p.graph.Pixels) > 0 || v.Type.Quant != nil)
		if t.DType() != tensor.Float32 && !bytes {
			return 0, fmt.Errorf("infer: input %s is %v, want float32%s", v.Name, t.DType(), p.orBytes(v))
		}
	}
	return n, nil
}

// orBytes is what an input may be besides float32, for an error.
func (p *Program) orBytes(v *nn.Value) string {
	if len(p.graph.Pixels) > 0 || v.Type.Quant != nil {
		return " or uint8"
	}
	return ""
}
