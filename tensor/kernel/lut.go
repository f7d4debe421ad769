package kernel

// LUT is a function from codes to codes.
type LUT [256]uint8

// NewLUT tabulates f for codes on the grid in: the code on the grid out of f of
// their real value, all in float64.
func NewLUT(in, out Grid, f func(float64) float64) *LUT {
	t := new(LUT)
	for c := range t {
		t[c] = out.code(f(float64(in.Scale) * float64(int32(c)-in.Zero)))
	}
	return t
}

// Run looks up every code. dst may be x.
func (t *LUT) Run(dst, x []uint8) {
	x = x[:len(dst)]
	for i, c := range x {
		dst[i] = t[c]
	}
}
