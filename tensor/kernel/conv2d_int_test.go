package kernel

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"mixq/internal/isatest"
)

// layerCase says what kind of layer is made around random codes.
type layerCase struct {
	bits     int
	affine   bool
	residual bool
	real     bool
	act      Clamp
}

func (l layerCase) String() string {
	return fmt.Sprintf("bits=%d/affine=%v/residual=%v/real=%v", l.bits, l.affine, l.residual, l.real)
}

// layerCases cover every bit-width with and without each of the rest.
func layerCases() []layerCase {
	var cases []layerCase
	relu6 := Clamp{0, 6}
	for bits := 2; bits <= 8; bits++ {
		cases = append(cases,
			layerCase{bits: bits, act: unbounded},
			layerCase{bits: bits, affine: true, residual: true, act: relu6},
			layerCase{bits: bits, affine: bits%2 == 0, real: true, act: relu6})
	}
	return cases
}

// randomLayer makes a layer of n output channels of row weights. The extreme
// codes are among its weights.
func randomLayer(rng *rand.Rand, lc layerCase, n, row int) LayerU8 {
	l := LayerU8{WScale: make([]float32, n), WZero: make([]int32, n), Bias: make([]int32, n),
		X: Grid{0.02, rng.Int32N(256), 255}, Act: lc.act}
	lo, hi := int32(-1)<<(lc.bits-1), int32(1)<<(lc.bits-1)-1
	codes := make([]int8, n*row)
	for i := range codes {
		codes[i] = int8(lo + rng.Int32N(hi-lo+1))
	}
	codes[0], codes[len(codes)-1] = int8(lo), int8(hi)
	l.Weight = Pack(codes, n, row, lc.bits)
	for c := range n {
		l.WScale[c] = (rng.Float32() + .1) / float32(hi)
		l.Bias[c] = rng.Int32N(20001) - 10000
		if lc.affine {
			l.WZero[c] = lo + rng.Int32N(hi-lo+1)
		}
	}
	if lc.affine { // the widest difference between a code and its zero point
		l.WZero[0] = hi
	}
	if !lc.real {
		l.Y = &Grid{0.3, rng.Int32N(256), 255}
	}
	if lc.residual {
		l.R = &Grid{0.07, rng.Int32N(256), 255}
	}
	return l
}

// unpacked are the weights of l as the oracles take them.
func unpacked(l *LayerU8) []int8 {
	codes := make([]int8, l.Weight.Rows*l.Weight.Cols)
	l.Weight.Unpack(codes)
	return codes
}

func randCodes(rng *rand.Rand, n int) []uint8 {
	x := make([]uint8, n)
	for i := range x {
		x[i] = uint8(rng.Uint32())
	}
	return x
}

// finishOracle is the output of channel c for an exact sum without bias.
func finishOracle(l *LayerU8, c int, acc int64, residual uint8) float32 {
	acc += int64(l.Bias[c])
	unit := float64(l.X.Scale) * float64(l.WScale[c])
	if l.Y == nil {
		return min(max(float32(acc)*float32(unit), l.Act.Lo), l.Act.Hi)
	}
	y := float32(acc) * float32(unit/float64(l.Y.Scale))
	if l.R != nil {
		y += float32(float32(int32(residual)-l.R.Zero) * float32(float64(l.R.Scale)/float64(l.Y.Scale)))
	}
	code := func(real float64) float64 {
		return min(max(math.RoundToEven(real/float64(l.Y.Scale))+float64(l.Y.Zero), 0), 255)
	}
	v := math.RoundToEven(float64(y)) + float64(l.Y.Zero)
	return float32(min(max(v, code(float64(l.Act.Lo))), code(float64(l.Act.Hi))))
}

// convU8Oracle computes output (o, i, j) from [H,W,C] codes by its definition.
func convU8Oracle(tt convCase, l *LayerU8, weight []int8, x []uint8, o, i, j int, residual uint8) float32 {
	p, cg := tt.p, tt.cin/tt.p.Groups
	var acc int64
	for c := range cg {
		for ki := range p.KernelH {
			for kj := range p.KernelW {
				y, z := i*p.StrideH-p.PadTop+ki*p.DilationH, j*p.StrideW-p.PadLeft+kj*p.DilationW
				if y < 0 || z < 0 || y >= tt.h || z >= tt.w {
					continue // real 0
				}
				q := int64(x[(y*tt.w+z)*tt.cin+o/(tt.cout/p.Groups)*cg+c])
				w := int64(weight[((o*cg+c)*p.KernelH+ki)*p.KernelW+kj]) - int64(l.WZero[o])
				acc += w * (q - int64(l.X.Zero))
			}
		}
	}
	return finishOracle(l, o, acc, residual)
}

// TestConvU8 compares every output with the definition, at every level and for
// every bit-width.
func TestConvU8(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, tt := range convCases() {
			for _, lc := range layerCases() {
				if tt.cin*tt.cout > 200 && lc.bits%4 != 0 {
					continue // the oracle is slow
				}
				rng := rand.New(rand.NewPCG(uint64(lc.bits), uint64(tt.h)))
				if err := checkConvU8(rng, tt, lc); err != nil {
					t.Errorf("%v/%v: %v", tt, lc, err)
				}
			}
		}
	})
}

func checkConvU8(rng *rand.Rand, tt convCase, lc layerCase) error {
	l := randomLayer(rng, lc, tt.cout, tt.cin/tt.p.Groups*tt.p.KernelH*tt.p.KernelW)
	conv, err := NewConvU8(tt.p, tt.cin, tt.h, tt.w, tt.cout, l)
	if err != nil {
		return err
	}
	oh, ow := tt.p.OutSize(tt.h, tt.w)
	x, residual := randCodes(rng, tt.cin*tt.h*tt.w), randCodes(rng, tt.cout*oh*ow)
	codes, sums := conv.Scratch()
	cs, ss := make([]uint8, codes), make([]int32, sums)
	got := make([]float32, tt.cout*oh*ow) // [OH,OW,O]
	half := conv.Tiles() / 2
	each := func(images int, f func(r *ConvU8Run)) { // the tiles of an image in two runs
		for _, tiles := range []Range{{half, conv.Tiles()}, {0, half}} {
			r := conv.Begin(tiles, images, cs, ss)
			f(&r)
		}
	}
	if lc.real {
		dst := make([]float32, len(got))
		each(1, func(r *ConvU8Run) { r.Reals(dst, x) })
		for i, v := range dst {
			got[i%(oh*ow)*tt.cout+i/(oh*ow)] = v
		}
	} else {
		dst := slices.Clone(residual)
		res := dst // in place, as a residual may be
		if !lc.residual {
			res = nil
		}
		each(2, func(r *ConvU8Run) { r.Codes(dst, x, res) })
		for i, v := range dst {
			got[i] = float32(v)
		}
	}
	weight := unpacked(&l)
	for i, v := range got {
		pos, o := i/tt.cout, i%tt.cout
		if want := convU8Oracle(tt, &l, weight, x, o, pos/ow, pos%ow, residual[i]); v != want {
			return fmt.Errorf("output %d,%d,%d = %v, want %v", o, pos/ow, pos%ow, v, want)
		}
	}
	return nil
}

// TestLinearU8 compares rows of any number with the definition.
func TestLinearU8(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		for _, in := range []int{1, 3, 64, 129} {
			for _, out := range []int{1, 10, 16, 37} {
				for _, lc := range layerCases() {
					lc.residual = false
					rng := rand.New(rand.NewPCG(uint64(in), uint64(out)))
					if err := checkLinearU8(rng, in, out, 53, lc); err != nil {
						t.Errorf("%d-%d/%v: %v", in, out, lc, err)
					}
				}
			}
		}
	})
}

func checkLinearU8(rng *rand.Rand, in, out, rows int, lc layerCase) error {
	l := randomLayer(rng, lc, out, in)
	lin, err := NewLinearU8(in, out, l)
	if err != nil {
		return err
	}
	x := randCodes(rng, rows*in)
	codes, sums := lin.Scratch()
	cs, ss := make([]uint8, codes), make([]int32, sums)
	reals, dst := make([]float32, rows*out), make([]uint8, rows*out)
	half := lin.Tiles() / 2
	for _, r := range []Range{{2, rows}, {0, 2}} {
		for _, tiles := range []Range{{half, lin.Tiles()}, {0, half}} {
			if lc.real {
				lin.RunReal(reals, x, r, tiles, cs, ss)
			} else {
				lin.Run(dst, x, r, tiles, cs, ss)
			}
		}
	}
	weight := unpacked(&l)
	for i := range reals {
		got := reals[i]
		if !lc.real {
			got = float32(dst[i])
		}
		r, o := i/out, i%out
		var acc int64
		for k, q := range x[r*in : (r+1)*in] {
			acc += (int64(q) - int64(l.X.Zero)) * (int64(weight[o*in+k]) - int64(l.WZero[o]))
		}
		if want := finishOracle(&l, o, acc, 0); got != want {
			return fmt.Errorf("row %d output %d = %v, want %v", r, o, got, want)
		}
	}
	return nil
}

// TestOverflow: the bound is exact, one less is accepted.
func TestOverflow(t *testing.T) {
	const most = math.MaxInt32 - 255*(127+1) // inputs of 255 above a zero point of 0
	layer := func(bias int32) LayerU8 {
		return LayerU8{Weight: Pack([]int8{-5, 0, 127, 1}, 2, 2, 8), WScale: []float32{1, 1}, WZero: []int32{0, 0},
			Bias: []int32{0, bias}, X: Grid{1, 0, 255}, Y: &Grid{1, 0, 255}, Act: unbounded}
	}
	if _, err := NewLinearU8(2, 2, layer(most)); err != nil {
		t.Errorf("largest bias that fits: %v", err)
	}
	_, err := NewLinearU8(2, 2, layer(most+1))
	var overflow OverflowError
	if !errors.As(err, &overflow) || overflow.Channel != 1 {
		t.Errorf("error = %v, want an overflow of channel 1", err)
	}
}

// TestExtremeSum: the largest sum that is allowed comes out exactly.
func TestExtremeSum(t *testing.T) {
	isatest.Each(t, func(t *testing.T) {
		const in = 1 << 16
		l := LayerU8{Weight: Pack(slices.Repeat([]int8{-128}, in), 1, in, 8), WScale: []float32{1}, WZero: []int32{0},
			X: Grid{1, 0, 255}, Act: unbounded}
		lin, err := NewLinearU8(in, 1, l)
		if err != nil {
			t.Fatal(err)
		}
		codes, sums := lin.Scratch()
		var got [1]float32
		lin.RunReal(got[:], slices.Repeat([]uint8{255}, in), Range{0, 1}, Range{0, 1}, make([]uint8, codes), make([]int32, sums))
		if want := float32(-128 * 255 * in); got[0] != want {
			t.Errorf("sum = %v, want %v", got[0], want)
		}
	})
}
