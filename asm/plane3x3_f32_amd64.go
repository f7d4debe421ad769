//go:build !purego

package asm

import "unsafe"

//go:generate go run -C _asm ./plane3x3_f32 -out ../plane3x3_f32_amd64.s

func (p *Plane3x3F32) run(dst, src []float32, w *[9]float32, bias, lo, hi float32) {
	d, x, masks, start := unsafe.SliceData(dst), unsafe.SliceData(src), unsafe.SliceData(p.masks), -p.Top*p.Width-p.Left
	switch {
	case !Plane3x3F32Pays():
		p.runGeneric(dst, src, w, bias, lo, hi)
	case p.Stride == 1:
		plane3x3F32_1_avx512_asm(d, x, &w[0], masks, start, -p.Top, p.Height, p.Width, p.Rows, p.Columns, bias, lo, hi)
	default:
		plane3x3F32_2_avx512_asm(d, x, &w[0], masks, start, -p.Top, p.Height, p.Width, p.Rows, p.Columns, bias, lo, hi)
	}
}

//go:noescape
func plane3x3F32_1_avx512_asm(dst, src, w *float32, masks *uint16, start, row, height, width, rows, columns int, bias, lo, hi float32)

//go:noescape
func plane3x3F32_2_avx512_asm(dst, src, w *float32, masks *uint16, start, row, height, width, rows, columns int, bias, lo, hi float32)
