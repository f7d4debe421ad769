package asm

import "math"

// requantGeneric is the definition of Requant.Run on the columns from lo on.
// The conversions to float32 keep the compiler from fusing a product with a sum.
func requantGeneric(q *Requant, lo int) {
	for i := range q.Rows {
		for j := lo; j < q.Cols; j++ {
			s := q.Acc[i*q.AccStride+j] + q.Bias[j]
			if q.WZero != nil {
				s -= q.WZero[j] * q.Sums[i]
			}
			y := float32(float32(s) * q.Mult[j])
			if q.Res != nil {
				y += float32((float32(q.Res[i*q.ResStride+j]) - q.ResZero) * q.ResMult)
			}
			y = float32(math.RoundToEven(float64(y))) + q.Zero
			q.Dst[i*q.DstStride+j] = uint8(min(max(y, q.Lo), q.Hi))
		}
	}
}
