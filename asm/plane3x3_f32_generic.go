package asm

// runGeneric is the definition of Plane3x3F32.Run.
func (p *Plane3x3F32) runGeneric(dst, src []float32, w *[9]float32, bias, lo, hi float32) {
	for o := range p.Rows * p.Columns {
		top, left := o/p.Columns*p.Stride-p.Top, o%p.Columns*p.Stride-p.Left
		v := bias
		for t, weight := range w {
			if y, x := top+t/3, left+t%3; y >= 0 && y < p.Height && x >= 0 && x < p.Width {
				v += float32(weight * src[y*p.Width+x])
			}
		}
		dst[o] = min(max(v, lo), hi)
	}
}
