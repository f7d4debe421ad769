package asm

// copyRowsU8Generic is the definition of CopyRowsU8.
func copyRowsU8Generic(dst []uint8, dstStride int, src []uint8, srcStride, rows, n int) {
	for i := range rows {
		copy(dst[i*dstStride:][:n], src[i*srcStride:][:n])
	}
}
