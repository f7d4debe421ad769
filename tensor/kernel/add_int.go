package kernel

// AddU8 is a planned addition of two images of codes on grids of their own,
//
//	y = clamp(roundToEven(float32((a - A.Zero)·float32(A.Scale/Y.Scale)) + float32((b - B.Zero)·float32(B.Scale/Y.Scale))) + Y.Zero)
//
// with the activation in the clamp.
type AddU8 struct {
	a, b         [256]float32 // the terms, by code
	lo, hi, zero float32
}

// NewAddU8 plans an addition.
func NewAddU8(a, b, y Grid, act Clamp) *AddU8 {
	s := &AddU8{a: a.terms(y), b: b.terms(y)}
	s.lo, s.hi, s.zero = y.bounds(act)
	return s
}

// terms are the values of all codes in units of the scale of y.
func (g Grid) terms(y Grid) (t [256]float32) {
	mult := float32(float64(g.Scale) / float64(y.Scale))
	for c := range t {
		t[c] = float32(float32(int32(c)-g.Zero) * mult)
	}
	return t
}

// Run adds elements one by one. dst may be a or b. It panics if the lengths
// differ.
func (s *AddU8) Run(dst, a, b []uint8) {
	same(len(dst), len(a), len(b))
	for i, v := range a {
		dst[i] = roundCode(s.a[v]+s.b[b[i]], s.lo, s.hi, s.zero)
	}
}
