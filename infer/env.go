package infer

import (
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// env is what the steps of a session work on.
type env struct {
	capacity int // images that the arenas hold
	reals    []float32
	codes    []uint8
	scratch  []scratch // by worker

	first   int // image of the Run that is image 0 of the arenas
	in, out []*tensor.Tensor
}

// scratchSize is how much memory a task needs for itself.
type scratchSize struct{ reals, codes, sums int }

// cover enlarges s so that o fits as well.
func (s *scratchSize) cover(o scratchSize) {
	s.reals, s.codes, s.sums = max(s.reals, o.reals), max(s.codes, o.codes), max(s.sums, o.sums)
}

// scratch is the memory of one worker.
type scratch struct {
	reals []float32
	codes []uint8
	sums  []int32
}

func newEnv(p *Program, threads int) env {
	e := env{capacity: p.group, reals: make([]float32, p.realSize*p.group), codes: make([]uint8, p.codeSize*p.group)}
	kernel.LargePages(e.reals)
	n := p.scratch
	for range threads {
		s := scratch{make([]float32, n.reals), make([]uint8, n.codes), make([]int32, n.sums)}
		kernel.LargePages(s.reals)
		e.scratch = append(e.scratch, s)
	}
	return e
}

// real is image i of a slot of real values.
func (e *env) real(s *slot, i int) []float32 { return e.realRange(s, kernel.Range{Lo: i, Hi: i + 1}) }

// realRange is some images of a slot of real values, one after another.
func (e *env) realRange(s *slot, images kernel.Range) []float32 {
	at := s.offset * e.capacity
	lo, hi := at+images.Lo*s.size, at+images.Hi*s.size
	return e.reals[lo:hi:hi]
}

// code is image i of a slot of codes.
func (e *env) code(s *slot, i int) []uint8 { return e.codeRange(s, kernel.Range{Lo: i, Hi: i + 1}) }

// codeRange is some images of a slot of codes, one after another.
func (e *env) codeRange(s *slot, images kernel.Range) []uint8 {
	at := s.offset * e.capacity
	lo, hi := at+images.Lo*s.size, at+images.Hi*s.size
	return e.codes[lo:hi:hi]
}
