package kernel

import "mixq/asm"

// LinearF32 is a planned fully connected layer, dst = clamp(x·weightᵀ + bias)
// for rows x [N,I] and dst [N,O]. Each product is one chain of additions in the
// order of I, so a row's bits do not depend on the others. It is safe for
// concurrent use, except for Repack.
type LinearF32 struct {
	in, out int
	gemm    asm.GemmF32
	packed  []float32
}

// linearRows is the number of rows that share a pass over the weights.
const linearRows = 48

// NewLinearF32 plans a layer with weight [O,I] (I = in, O = out), which is
// packed and may change afterwards. It panics if the weight has another size.
func NewLinearF32(in, out int, weight []float32) *LinearF32 {
	l := &LinearF32{in: in, out: out, gemm: asm.GemmF32For()}
	l.packed = make([]float32, PackBSize(l.gemm, in, out))
	l.Repack(weight)
	LargePages(l.packed)
	return l
}

// Repack replaces the weights. It must not run at the same time as Run.
func (l *LinearF32) Repack(weight []float32) {
	if len(weight) != l.in*l.out {
		panic(badWeight)
	}
	PackB(l.gemm, l.packed, weight, l.in, true, l.in, l.out)
}

// WeightBytes is the memory that the packed weights take.
func (l *LinearF32) WeightBytes() int64 { return 4 * int64(len(l.packed)) }

// Scratch is the number of float32 elements of scratch that Run needs.
func (l *LinearF32) Scratch() int {
	m := roundUp(linearRows, l.gemm.MR)
	return m*l.in + m*roundUp(l.out, l.gemm.NR)
}

// Tiles is the number of parts of a row that can be computed by themselves.
func (l *LinearF32) Tiles() int { return ceilDiv(l.out, l.gemm.NR) }

// Run computes the given tiles of the given rows of dst. bias [O] may be nil. It
// allocates nothing.
func (l *LinearF32) Run(dst, x, bias []float32, act Clamp, rows, tiles Range, scratch []float32) {
	first, last := tiles.Lo*l.gemm.NR, min(tiles.Hi*l.gemm.NR, l.out)
	m, ldc, panels := roundUp(linearRows, l.gemm.MR), (tiles.Hi-tiles.Lo)*l.gemm.NR, l.packed[first*l.in:]
	if bias != nil {
		bias = bias[first:last]
	}
	a, scratch := cut(scratch, m*l.in)
	acc, _ := cut(scratch, m*ldc)
	for r := rows.Lo; r < rows.Hi; r += m {
		n := min(m, rows.Hi-r)
		if n == 1 && asm.VecMatF32(acc[:ldc], x[r*l.in:][:l.in], panels, l.gemm.NR) {
			addBias(dst[r*l.out+first:r*l.out+last], acc, bias, act)
			continue
		}
		mp := roundUp(n, l.gemm.MR)
		PackA(l.gemm, a, x[r*l.in:], l.in, false, n, l.in, 1)
		clear(acc[:mp*ldc])
		for k := 0; k < l.in; k += gemmKC {
			GemmPacked(l.gemm, acc, ldc, a[k*l.gemm.MR:], l.in, panels[k*l.gemm.NR:], l.in, mp, ldc, min(gemmKC, l.in-k), nil)
		}
		for i := range n {
			addBias(dst[(r+i)*l.out+first:(r+i)*l.out+last], acc[i*ldc:], bias, act)
		}
	}
}

// addBias is dst = clamp(acc + bias).
func addBias(dst, acc, bias []float32, act Clamp) {
	if bias == nil {
		Activate(dst, acc[:len(dst)], act)
		return
	}
	Add(dst, acc[:len(dst)], bias, act)
}
