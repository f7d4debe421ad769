package kernel

// MulU8 is a planned product of two values in codes on grids of their own,
//
//	y = clamp(roundToEven(float32((a - A.Zero)·(b - B.Zero))·float32(A.Scale·B.Scale/Y.Scale)) + Y.Zero)
type MulU8 struct {
	a, b           int32 // zero points
	mult, hi, zero float32
}

// NewMulU8 plans a product.
func NewMulU8(a, b, y Grid) *MulU8 {
	return &MulU8{a: a.Zero, b: b.Zero, hi: float32(y.Max), zero: float32(y.Zero),
		mult: float32(float64(a.Scale) * float64(b.Scale) / float64(y.Scale))}
}

// Run multiplies the rows of x, which are as long as gate, by gate. dst may be
// x. The product of two differences of codes is exact in float32.
func (m *MulU8) Run(dst, x, gate []uint8) {
	for len(x) > 0 {
		for i, g := range gate {
			product := float32((int32(x[i]) - m.a) * (int32(g) - m.b))
			dst[i] = roundCode(float32(product*m.mult), 0, m.hi, m.zero)
		}
		dst, x = dst[len(gate):], x[len(gate):]
	}
}
