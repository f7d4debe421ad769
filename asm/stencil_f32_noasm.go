//go:build purego || !(amd64 || arm64)

package asm

func (s *StencilF32) run(dst, src, w []float32, bias, lo, hi float32) {
	s.runGeneric(dst, src, w, bias, lo, hi)
}

func (s *StencilF32) max(dst, src []float32) { s.maxGeneric(dst, src) }
