package asm

// VecMatF32 multiplies a vector by a matrix in panels of nr columns, which is the
// form that GemmF32 reads; for k = len(x),
//
//	dst[p*nr+j] = sum over l < k of x[l] * panels[(p*k+l)*nr+j]
//
// It reports false, and leaves dst alone, where the current level has no kernel
// for such panels. Else the bits are those of the level's GemmF32. It panics if
// dst is not a number of panels wide or panels is too short. dst must not overlap
// the others.
func VecMatF32(dst, x, panels []float32, nr int) bool {
	switch {
	case nr <= 0 || len(dst)%nr != 0:
		panic(badLength)
	case len(panels) < len(dst)*len(x):
		panic(shortB)
	}
	return vecMatF32(dst, x, panels, nr)
}
