//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

func (s *StencilF32) run(dst, src, w []float32, bias, lo, hi float32) {
	if isa.Current() < isa.NEON || len(w) == 0 || s.Columns < 4 {
		s.runGeneric(dst, src, w, bias, lo, hi)
		return
	}
	stencilF32_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(src), s.Stride, unsafe.SliceData(s.Offsets), unsafe.SliceData(w),
		len(w), s.Rows, s.Columns, bias, lo, hi)
}

func (s *StencilF32) max(dst, src []float32) {
	if isa.Current() < isa.NEON || len(s.Offsets) == 0 || s.Columns < 4 {
		s.maxGeneric(dst, src)
		return
	}
	maxStencilF32_neon_asm(unsafe.SliceData(dst), unsafe.SliceData(src), s.Stride, unsafe.SliceData(s.Offsets), len(s.Offsets), s.Rows, s.Columns)
}

//go:noescape
func stencilF32_neon_asm(dst, src *float32, stride int, offsets *int32, w *float32, taps, rows, columns int, bias, lo, hi float32)

//go:noescape
func maxStencilF32_neon_asm(dst, src *float32, stride int, offsets *int32, taps, rows, columns int)
