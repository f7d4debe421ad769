package nn

import (
	"fmt"
	"math"

	"mixq/tensor"
)

// Type describes a value. Quant == nil means real-valued (DType Float32); a
// quantized activation is Uint8, a quantized weight Int8 whatever its bit-width
// (its tensor may hold the codes packed), a quantized bias Int32 at the scale of
// its layer's input times that of its weight, channel by channel.
type Type struct {
	Shape tensor.Shape
	DType tensor.DType
	Quant *Quant
}

// Real is the type of a float32 value of the given shape.
func Real(shape ...int) Type { return Type{Shape: shape, DType: tensor.Float32} }

// Quant is an affine grid: real = Scale·(code − Zero). Activations are
// per-tensor with unsigned 8-bit codes 0..255 (a smaller Bits narrows the range
// to 0..2^Bits−1), weights per output channel with signed codes
// −2^(Bits−1)..2^(Bits−1)−1 (NUMERICS.md 1 and 2).
type Quant struct {
	Bits  uint8
	Axis  int       // dimension that Scale and Zero run over; < 0: one of each for the tensor
	Scale []float32 // > 0 and finite
	Zero  []int32   // in the code range
}

// SignedRange is the code range of a weight of the given bit-width.
func SignedRange(bits uint8) (lo, hi int32) {
	return -(int32(1) << (bits - 1)), int32(1)<<(bits-1) - 1
}

// UnsignedRange is the code range of an activation of the given bit-width.
func UnsignedRange(bits uint8) (lo, hi int32) { return 0, int32(1)<<bits - 1 }

// Signed reports whether values of type t have signed codes.
func (t Type) Signed() bool { return t.DType == tensor.Int8 }

// checkQuant says what is wrong with the grid of t, if anything.
func (t Type) checkQuant() error {
	q := t.Quant
	if q == nil {
		return nil
	}
	if t.DType != tensor.Uint8 && t.DType != tensor.Int8 {
		return fmt.Errorf("a quantized value has dtype %v, want uint8 or int8", t.DType)
	}
	if q.Bits < 2 || q.Bits > 8 {
		return fmt.Errorf("%d bits, want 2 to 8", q.Bits)
	}
	n := 1
	if q.Axis >= 0 {
		if q.Axis >= len(t.Shape) {
			return fmt.Errorf("quantization axis %d of a %v value", q.Axis, t.Shape)
		}
		n = t.Shape[q.Axis]
	}
	if len(q.Scale) != n || len(q.Zero) != n {
		return fmt.Errorf("%d scales and %d zero points, want %d", len(q.Scale), len(q.Zero), n)
	}
	lo, hi := UnsignedRange(q.Bits)
	if t.Signed() {
		lo, hi = SignedRange(q.Bits)
	}
	for i, s := range q.Scale {
		if !(s > 0) || math.IsInf(float64(s), 0) {
			return fmt.Errorf("scale %d is %v, want a positive number", i, s)
		}
		if q.Zero[i] < lo || q.Zero[i] > hi {
			return fmt.Errorf("zero point %d is %d, want %d to %d", i, q.Zero[i], lo, hi)
		}
	}
	return nil
}

// Equal reports whether q and r are the same grid; two nils are equal.
func (q *Quant) Equal(r *Quant) bool {
	if q == nil || r == nil {
		return q == r
	}
	if q.Bits != r.Bits || q.Axis != r.Axis || len(q.Scale) != len(r.Scale) || len(q.Zero) != len(r.Zero) {
		return false
	}
	for i := range q.Scale {
		if q.Scale[i] != r.Scale[i] {
			return false
		}
	}
	for i := range q.Zero {
		if q.Zero[i] != r.Zero[i] {
			return false
		}
	}
	return true
}
