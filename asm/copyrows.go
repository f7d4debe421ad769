package asm

//go:generate go run -C _asm ./arm64/copyrows -out ../copyrows_arm64.s

// CopyRowsU8 copies rows of n bytes that are strides apart:
//
//	for i := range rows {
//		copy(dst[i*dstStride:][:n], src[i*srcStride:][:n])
//	}
//
// Source rows may overlap each other; dst must not overlap src. It is for many
// short rows, such as those of the patches of a convolution, where calls of
// copy cost more than the copies. It panics if a row is outside its slice or if
// a number is negative.
func CopyRowsU8(dst []uint8, dstStride int, src []uint8, srcStride, rows, n int) {
	switch {
	case rows <= 0 || n == 0:
		return
	case n < 0:
		panic(badSize)
	case dstStride < 0 || srcStride < 0:
		panic(badStride)
	case len(dst) < (rows-1)*dstStride+n:
		panic(shortDst)
	case len(src) < (rows-1)*srcStride+n:
		panic(shortSrc)
	}
	copyRowsU8(dst, dstStride, src, srcStride, rows, n)
}
