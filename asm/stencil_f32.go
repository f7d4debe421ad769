package asm

//go:generate go run -C _asm ./arm64/stencil_f32 -out ../stencil_f32_arm64.s

// StencilF32 is the geometry of weighted sums or maxima of a plane with itself,
// moved: of a convolution or pooling of one channel.
type StencilF32 struct {
	Rows, Columns int     // of the result
	Stride        int     // of the source, from what a row of the result starts with to the same of the next
	Offsets       []int32 // of the taps
}

// Run is
//
//	v := bias
//	for t := range w {
//		v += w[t] * src[Offsets[t]+i*Stride+j]
//	}
//	dst[i*Columns+j] = min(max(v, lo), hi)
//
// for i < Rows, j < Columns. Levels with fused multiply-add round once per tap,
// the others twice. A NaN stays one; the sign of a zero is not defined. It
// panics if an element is outside its slice, the stride is negative or Offsets
// and w differ in length. dst must not overlap src.
func (s *StencilF32) Run(dst, src, w []float32, bias, lo, hi float32) {
	if len(w) != len(s.Offsets) {
		panic(badLength)
	}
	if s.check(dst, src) {
		s.run(dst, src, w, bias, lo, hi)
	}
}

// Max is
//
//	dst[i*Columns+j] = max over t of src[Offsets[t]+i*Stride+j]
//
// for i < Rows, j < Columns, and minus infinity without taps. A NaN is larger
// than any number; the sign of a zero is not defined. It panics if an element is
// outside its slice or the stride is negative. dst must not overlap src.
func (s *StencilF32) Max(dst, src []float32) {
	if s.check(dst, src) {
		s.max(dst, src)
	}
}

// check reports whether there is anything to compute; it panics unless the
// slices hold it.
func (s *StencilF32) check(dst, src []float32) bool {
	if s.Rows <= 0 || s.Columns <= 0 {
		return false
	}
	if s.Stride < 0 {
		panic(badStride)
	}
	if len(dst) < s.Rows*s.Columns {
		panic(shortDst)
	}
	last := len(src) - (s.Rows-1)*s.Stride - s.Columns
	for _, o := range s.Offsets {
		if o < 0 || int(o) > last {
			panic(shortSrc)
		}
	}
	return true
}
