package kernel

import (
	"fmt"
	"math"
	"slices"

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
	Weight PackedCodes // O,I,H,W or O,I: a row for every output channel
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

// weightsU8 are the weights with what is to be done about their zero points.
type weightsU8 struct {
	codes    PackedCodes
	gemm     asm.GemmU8
	subtract []uint8 // from the codes, counted from 0 up, of every output channel
	zero     []int32 // what the sums of the activations are to be multiplied by; nil if it is subtracted
	sums     []int32 // of the codes of every output channel, counted from 0 up; filled in as they are packed
}

// foldBits is the width up to which the kernel for one bit more costs less than
// sums of the activations, measured on CIFAR and ImageNet ResNets at AVX2.
// Where the kernel stays the same (all widths at AVX-512 VNNI), subtracting zero
// points always wins.
const foldBits = 5

func (l *LayerU8) weights() weightsU8 {
	half := int32(l.Weight.bias())
	w := weightsU8{codes: l.Weight, gemm: asm.GemmU8For(l.Weight.Bits), zero: l.WZero,
		subtract: make([]uint8, l.Weight.Rows), sums: make([]int32, l.Weight.Rows)}
	folded := signedBits(-half-slices.Max(l.WZero), half-1-slices.Min(l.WZero))
	if folded <= 8 && (folded <= foldBits || asm.GemmU8For(folded).Name == w.gemm.Name) {
		w.gemm, w.zero = asm.GemmU8For(folded), nil
	}
	for c, z := range l.WZero {
		w.subtract[c] = uint8(half)
		if w.zero == nil {
			w.subtract[c] += uint8(z)
		}
	}
	return w
}

// signedBits is the width in which the integers from lo to hi fit.
func signedBits(lo, hi int32) int {
	b := 2
	for lo < -1<<(b-1) || hi >= 1<<(b-1) {
		b++
	}
	return b
}

// foldedBias is the bias with everything that does not depend on the input: the
// zero point of the input times the sum of the weights, of which sums are the
// codes counted from 0 up. It fails if some input could make a sum that leaves
// 32 bits.
func (l *LayerU8) foldedBias(sums []int32) ([]int32, error) {
	bias := make([]int32, len(l.WZero))
	for c, z := range l.WZero {
		least, n := -int64(l.Weight.bias())-int64(z), int64(l.Weight.Cols)
		most := least + 1<<l.Weight.Bits - 1
		b := -int64(l.X.Zero) * (int64(sums[c]) + n*least)
		if l.Bias != nil {
			b += int64(l.Bias[c])
		}
		if !l.fits(b, n*least, n*most) { // so many extreme weights are rare
			if neg, pos := l.parts(c); !l.fits(b, neg, pos) {
				return nil, OverflowError{c}
			}
		}
		bias[c] = int32(b)
	}
	return bias, nil
}

// fits reports whether all sums of a channel stay within 32 bits if its negative
// weights sum to neg, the positive ones to pos.
func (l *LayerU8) fits(bias, neg, pos int64) bool {
	x := int64(l.X.Max)
	return bias+neg*x >= math.MinInt32 && bias+pos*x <= math.MaxInt32
}

// parts sums the negative and the positive weights of channel c.
func (l *LayerU8) parts(c int) (neg, pos int64) {
	row := make([]uint8, l.Weight.Cols)
	l.Weight.row(row, c)
	for _, u := range row {
		d := int64(u) - int64(l.Weight.bias()) - int64(l.WZero[c])
		neg, pos = neg+min(d, 0), pos+max(d, 0)
	}
	return neg, pos
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

func newStage(l *LayerU8, w *weightsU8) (stage, error) {
	bias, err := l.foldedBias(w.sums)
	if err != nil {
		return stage{}, err
	}
	s := stage{bias: bias, wzero: w.zero, mult: make([]float32, len(bias)), act: l.Act}
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
