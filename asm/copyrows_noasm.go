//go:build purego || !(amd64 || arm64)

package asm

func copyRowsU8(dst []uint8, dstStride int, src []uint8, srcStride, rows, n int) {
	copyRowsU8Generic(dst, dstStride, src, srcStride, rows, n)
}
