//go:build purego || !(amd64 || arm64)

package asm

func maxU8(dst, x []uint8) { maxU8Generic(dst, x) }

func addU8(sums []int32, x []uint8) { addU8Generic(sums, x) }
