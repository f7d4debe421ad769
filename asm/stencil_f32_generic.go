package asm

import "math"

// runGeneric is the definition of StencilF32.Run.
func (s *StencilF32) runGeneric(dst, src, w []float32, bias, lo, hi float32) {
	for i := range s.Rows {
		row := dst[i*s.Columns:][:s.Columns]
		for j := range row {
			row[j] = bias
		}
		s.addTaps(row, src[i*s.Stride:], w)
		for j, v := range row {
			row[j] = min(max(v, lo), hi)
		}
	}
}

// addTaps adds the products of a row, three taps at a time.
func (s *StencilF32) addTaps(dst, src, w []float32) {
	row := func(t int) []float32 { return src[s.Offsets[t]:][:len(dst)] }
	t := 0
	for ; t+3 <= len(w); t += 3 {
		a, b, c := row(t), row(t+1), row(t+2)
		for j, v := range dst {
			v += float32(w[t] * a[j])
			v += float32(w[t+1] * b[j])
			dst[j] = v + float32(w[t+2]*c[j])
		}
	}
	for ; t < len(w); t++ {
		for j, v := range row(t) {
			dst[j] += float32(w[t] * v)
		}
	}
}

// maxGeneric is the definition of StencilF32.Max.
func (s *StencilF32) maxGeneric(dst, src []float32) {
	for i := range s.Rows {
		row := dst[i*s.Columns:][:s.Columns]
		for j := range row {
			row[j] = float32(math.Inf(-1))
		}
		for _, o := range s.Offsets {
			for j, v := range src[int(o)+i*s.Stride:][:len(row)] {
				row[j] = max(row[j], v)
			}
		}
	}
}
