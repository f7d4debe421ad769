package asm

// PatchesF32 is a micro-kernel that multiplies patches of a plane with a packed
// panel into a tile of sums [Rows,NR], which are cleared before if fresh is set.
// Run is
//
//	for i := range Rows {
//		for j := range NR {
//			for l, tap := range taps.At {
//				sums[i*NR+j] += src[corners[i]+tap] * b[l*NR+j]
//			}
//		}
//	}
//
// with the bits of GemmF32. It may fetch what lies at ahead into a cache on the
// way. It panics if an element is outside its slice. sums must not overlap the
// others.
type PatchesF32 struct {
	Rows int
	Run  func(sums, src []float32, taps Taps, corners []int32, b, ahead []float32, fresh bool)
}

// Taps are the places of the elements of a patch relative to its corner. None
// is before Lo or after Hi.
type Taps struct {
	At     []int32
	Lo, Hi int32
}

// NewTaps finds the bounds of some places.
func NewTaps(at []int32) Taps {
	t := Taps{At: at}
	for i, v := range at {
		if i == 0 {
			t.Lo, t.Hi = v, v
		}
		t.Lo, t.Hi = min(t.Lo, v), max(t.Hi, v)
	}
	return t
}

// Cut is taps [lo, hi), with the bounds of all.
func (t Taps) Cut(lo, hi int) Taps { return Taps{t.At[lo:hi], t.Lo, t.Hi} }

// checkPatchesF32 panics unless the slices hold a tile and its operands.
func checkPatchesF32(rows, nr int, sums, src []float32, taps Taps, corners []int32, b []float32) {
	switch k := len(taps.At); {
	case len(sums) < rows*nr:
		panic(shortC)
	case len(corners) < rows:
		panic(shortA)
	case len(b) < k*nr:
		panic(shortB)
	case k == 0:
		return
	}
	for _, c := range corners[:rows] {
		if int(c)+int(taps.Lo) < 0 || int(c)+int(taps.Hi) >= len(src) {
			panic(shortSrc)
		}
	}
}
