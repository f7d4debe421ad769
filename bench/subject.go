package bench

import (
	"context"
	"time"

	"mixq/infer"
	"mixq/nn"
	"mixq/quantize"
	"mixq/tensor"
)

// subject is a quantized network that is being measured.
type subject struct {
	model   string
	works   []quantize.Work
	session *infer.Session
	input   *tensor.Tensor
	now     func() time.Duration
	traced  bool
	marks   []time.Duration   // ends of the parts of a run
	times   [][]time.Duration // by part and run
	total   []time.Duration   // by run
}

func newSubject(g *nn.Graph, o KernelOptions, now func() time.Duration, bits func(layer string) uint8, traced bool) (*subject, error) {
	q, err := quantize.Sketch(g, bits)
	if err != nil {
		return nil, err
	}
	s := &subject{model: g.Name, works: quantize.Works(q), now: now, traced: traced, input: noise(q, o.Batch)}
	s.times = make([][]time.Duration, len(s.works))
	opt := infer.Options{Batch: o.Batch, Threads: o.Threads}
	if traced {
		opt.Trace = func(*nn.Node) { s.marks = append(s.marks, s.now()) }
	}
	p, err := infer.Compile(q, opt)
	if err != nil {
		return nil, err
	}
	s.session = p.NewSession()
	return s, nil
}

// run makes and times a number of runs after one that is not timed.
func (s *subject) run(ctx context.Context, n int) error {
	for i := range n + 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.marks = s.marks[:0]
		start := s.now()
		if _, err := s.session.Run(s.input); err != nil {
			return err
		}
		end := s.now()
		if i > 0 {
			s.total = append(s.total, end-start)
			s.record(start)
		}
	}
	return nil
}

// record adds the times of a run that began at start. A large batch goes
// through the parts in several groups.
func (s *subject) record(start time.Duration) {
	for i, end := range s.marks {
		at := i % len(s.works)
		if i < len(s.works) {
			s.times[at] = append(s.times[at], 0)
		}
		s.times[at][len(s.times[at])-1] += end - start
		start = end
	}
}
