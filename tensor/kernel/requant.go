package kernel

import (
	"fmt"
	"math"

	"mixq/asm"
)

// LayerU8 is what an integer convolution or linear layer computes with, beside
// its geometry. Per output channel c,
//
//	acc = sum of (weight - WZero[c])·(x - X.Zero) + Bias[c]
//
// exactly, and then either codes on the grid Y,
//
//	y = clamp(roundToEven(float32(acc)·float32(X.Scale·WScale[c]/Y.Scale) [+ float32((r - R.Zero)·float32(R.Scale/Y.Scale))]) + Y.Zero)
//
// where r is the residual, or, without Y, real values
//
//	y = clamp(float32(acc)·float32(X.Scale·WScale[c]))
//
// The clamp is that of the activation and of the codes. Multipliers are
// computed in float64 and rounded once (NUMERICS.md 5 and 6).
type LayerU8 struct {
	Weight []int8 // codes, O,I,H,W or O,I
	WScale []float32
	WZero  []int32
	Bias   []int32 // at scale X.Scale·WScale[c]; may be nil
	X      Grid
	Y      *Grid // nil: real output
	R      *Grid // nil: no residual; only with Y
	Act    Clamp
}

// OverflowError says that the sum of an output channel could leave 32 bits.
type OverflowError struct{ Channel int }

func (e OverflowError) Error() string {
	return fmt.Sprintf("the sum of output channel %d, with its bias, can leave 32 bits; use fewer bits or a larger weight scale", e.Channel)
}

// ScaleError says that an output channel's factor from sums to outputs is too
// large for a float32.
type ScaleError struct{ Channel int }

func (e ScaleError) Error() string {
	return fmt.Sprintf("the scales of input, weight and output of channel %d are too far apart", e.Channel)
}

// weightsU8 are the weights as the micro-kernel takes them. Zero points are
// subtracted from the codes where that costs less than summing the activations;
// else zero holds them.
type weightsU8 struct {
	codes []int8
	bits  int
	zero  []int32
}

// foldBits is the width up to which the kernel for one bit more costs less than
// sums of the activations, measured on CIFAR and ImageNet ResNets at AVX2.
// Where the kernel stays the same (all widths at AVX-512 VNNI), folding always
// wins.
const foldBits = 5

func (l *LayerU8) weights() weightsU8 {
	row := len(l.Weight) / len(l.WZero)
	var code, diff span
	for i, q := range l.Weight {
		code.add(int32(q))
		diff.add(int32(q) - l.WZero[i/row])
	}
	bits, folded := code.bits(), diff.bits()
	if folded > 8 || folded > foldBits && asm.GemmU8For(folded).Name != asm.GemmU8For(bits).Name {
		return weightsU8{l.Weight, bits, l.WZero}
	}
	w := make([]int8, len(l.Weight))
	for i, q := range l.Weight {
		w[i] = int8(int32(q) - l.WZero[i/row])
	}
	return weightsU8{codes: w, bits: folded}
}

// span is the range of some integers, and 0.
type span struct{ lo, hi int32 }

func (s *span) add(v int32) { s.lo, s.hi = min(s.lo, v), max(s.hi, v) }

// bits is the width in which the range fits, at least 2.
func (s span) bits() int {
	b := 2
	for s.lo < -1<<(b-1) || s.hi >= 1<<(b-1) {
		b++
	}
	return b
}

// foldedBias is the bias with everything that does not depend on the input:
// the zero point of the input times the sum of the weights. It fails if some
// input could make a sum that leaves 32 bits.
func (l *LayerU8) foldedBias() ([]int32, error) {
	n := len(l.WZero)
	row := len(l.Weight) / n
	bias := make([]int32, n)
	for c := range bias {
		var neg, pos int64
		for _, q := range l.Weight[c*row : (c+1)*row] {
			if d := int64(q) - int64(l.WZero[c]); d < 0 {
				neg += d
			} else {
				pos += d
			}
		}
		b := -int64(l.X.Zero) * (neg + pos)
		if l.Bias != nil {
			b += int64(l.Bias[c])
		}
		lo, hi := b+neg*int64(l.X.Max), b+pos*int64(l.X.Max)
		if min(lo, b) < math.MinInt32 || max(hi, b) > math.MaxInt32 {
			return nil, OverflowError{c}
		}
		bias[c] = int32(b)
	}
	return bias, nil
}

// stage is the end of an integer layer: from raw sums of products to outputs.
type stage struct {
	bias  []int32
	wzero []int32 // nil if the weights have theirs subtracted
	mult  []float32
	act   Clamp // real outputs

	lo, hi, zero     float32 // outputs in codes
	resZero, resMult float32
}

func newStage(l *LayerU8, wzero []int32) (stage, error) {
	bias, err := l.foldedBias()
	if err != nil {
		return stage{}, err
	}
	s := stage{bias: bias, wzero: wzero, mult: make([]float32, len(bias)), act: l.Act}
	unit := 1.0
	if l.Y != nil {
		unit = float64(l.Y.Scale)
		s.lo, s.hi, s.zero = l.Y.bounds(l.Act)
	}
	for c, w := range l.WScale {
		s.mult[c] = float32(float64(l.X.Scale) * float64(w) / unit)
		if math.IsInf(float64(s.mult[c]), 0) {
			return s, ScaleError{c}
		}
	}
	if l.R != nil {
		s.resZero, s.resMult = float32(l.R.Zero), float32(float64(l.R.Scale)/unit)
	}
	return s, nil
}

// bounds are the smallest and largest code of an activation's outputs, and the
// zero point, as floats.
func (g Grid) bounds(act Clamp) (lo, hi, zero float32) {
	return float32(g.Code(act.Lo)), float32(g.Code(act.Hi)), float32(g.Zero)
}

// codes turns the sums of a tile, rows of stride accStride, into codes of the
// channels from first on. sums holds the sums of the activations of each row;
// res may be nil and has the stride of dst.
func (s *stage) codes(dst []uint8, stride int, acc []int32, accStride, rows, cols, first int, sums []int32, res []uint8) {
	q := asm.Requant{Dst: dst, DstStride: stride, Acc: acc, AccStride: accStride, Rows: rows, Cols: cols,
		Bias: s.bias[first:], Mult: s.mult[first:], Res: res, ResStride: stride, ResZero: s.resZero, ResMult: s.resMult,
		Lo: s.lo, Hi: s.hi, Zero: s.zero}
	if s.wzero != nil {
		q.WZero, q.Sums = s.wzero[first:], sums
	}
	q.Run()
}

// reals is codes for a layer with real outputs: element (i, j) of the tile goes
// to dst[i*rowStride+j*colStride].
func (s *stage) reals(dst []float32, rowStride, colStride int, acc []int32, accStride, rows, cols, first int, sums []int32) {
	for i := range rows {
		for j := range cols {
			v := acc[i*accStride+j] + s.bias[first+j]
			if s.wzero != nil {
				v -= s.wzero[first+j] * sums[i]
			}
			dst[i*rowStride+j*colStride] = s.act.apply(float32(float32(v) * s.mult[first+j]))
		}
	}
}

// roundCode is the code of a value in units of the output scale.
func roundCode(y, lo, hi, zero float32) uint8 {
	y = float32(math.RoundToEven(float64(y))) + zero
	return uint8(min(max(y, lo), hi))
}
