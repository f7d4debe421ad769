//go:build purego || !amd64

package asm

func (p *Plane3x3F32) run(dst, src []float32, w *[9]float32, bias, lo, hi float32) {
	p.runGeneric(dst, src, w, bias, lo, hi)
}
