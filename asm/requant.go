package asm

//go:generate go run -C _asm ./arm64/requant -out ../requant_arm64.s

// Requant is a call of the output stage of integer layers: it turns a tile of
// s32 sums into u8 codes (NUMERICS.md 5, 6). Run is, for i < Rows and j < Cols,
//
//	s := Acc[i*AccStride+j] + Bias[j] - WZero[j]*Sums[i]
//	y := float32(s)*Mult[j] + (float32(Res[i*ResStride+j])-ResZero)*ResMult
//	Dst[i*DstStride+j] = clamp(roundToEven(y) + Zero, Lo, Hi)
//
// without the term of WZero if that is nil (symmetric weights) and without the
// term of Res if that is nil (no residual). Integers wrap around; floats are
// plain IEEE float32 steps, of which none is fused, and the clamp comes before
// the conversion to an integer. The floats must be finite, and Lo, Hi and Zero
// whole numbers with 0 <= Lo <= Hi <= 255. Dst may be Res.
type Requant struct {
	Dst       []uint8
	DstStride int
	Acc       []int32
	AccStride int
	Rows      int
	Cols      int

	Bias  []int32   // per column
	Mult  []float32 // per column: input scale times weight scale over output scale
	WZero []int32   // per column: zero point of the weights
	Sums  []int32   // per row: sum of the activations

	Res       []uint8
	ResStride int
	ResZero   float32
	ResMult   float32 // residual scale over output scale

	Lo, Hi float32 // bounds of the code, which include a fused activation
	Zero   float32 // zero point of the output
}

// Run computes the tile. It panics if a slice that is used is too short.
func (q *Requant) Run() {
	if q.Rows <= 0 || q.Cols <= 0 {
		return
	}
	switch {
	case len(q.Dst) < extent(q.Rows, q.Cols, q.DstStride):
		panic(shortDst)
	case len(q.Acc) < extent(q.Rows, q.Cols, q.AccStride):
		panic(shortAcc)
	case q.Res != nil && len(q.Res) < extent(q.Rows, q.Cols, q.ResStride):
		panic(shortRes)
	case len(q.Bias) < q.Cols || len(q.Mult) < q.Cols:
		panic(shortColumns)
	case q.WZero != nil && (len(q.WZero) < q.Cols || len(q.Sums) < q.Rows):
		panic(shortColumns)
	}
	requant(q)
}

// extent is how many elements a tile of rows a stride apart spans. It panics if
// they overlap.
func extent(rows, cols, stride int) int {
	if rows > 1 && stride < cols {
		panic(badStride)
	}
	return (rows-1)*stride + cols
}
