//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./stencil_f32 -out ../stencil_f32_amd64.s

func (s *StencilF32) run(dst, src, w []float32, bias, lo, hi float32) {
	d, x, offsets, v := unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(s.Offsets), unsafe.SliceData(w)
	switch {
	case isa.Current() < isa.AVX2 || len(w) == 0 || s.Columns < 4:
		s.runGeneric(dst, src, w, bias, lo, hi)
	case s.Columns < 8:
		stencilF32_4_avx2_asm(d, x, s.Stride, offsets, v, len(w), s.Rows, s.Columns, bias, lo, hi)
	default:
		stencilF32_8_avx2_asm(d, x, s.Stride, offsets, v, len(w), s.Rows, s.Columns, bias, lo, hi)
	}
}

func (s *StencilF32) max(dst, src []float32) {
	d, x, offsets, taps := unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(s.Offsets), len(s.Offsets)
	switch {
	case isa.Current() < isa.AVX2 || taps == 0 || s.Columns < 4:
		s.maxGeneric(dst, src)
	case s.Columns < 8:
		maxStencilF32_4_avx2_asm(d, x, s.Stride, offsets, taps, s.Rows, s.Columns)
	default:
		maxStencilF32_8_avx2_asm(d, x, s.Stride, offsets, taps, s.Rows, s.Columns)
	}
}

//go:noescape
func stencilF32_4_avx2_asm(dst, src *float32, stride int, offsets *int32, w *float32, taps, rows, columns int, bias, lo, hi float32)

//go:noescape
func stencilF32_8_avx2_asm(dst, src *float32, stride int, offsets *int32, w *float32, taps, rows, columns int, bias, lo, hi float32)

//go:noescape
func maxStencilF32_4_avx2_asm(dst, src *float32, stride int, offsets *int32, taps, rows, columns int)

//go:noescape
func maxStencilF32_8_avx2_asm(dst, src *float32, stride int, offsets *int32, taps, rows, columns int)
