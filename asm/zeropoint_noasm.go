//go:build purego || !(amd64 || arm64)

package asm

func sumRowsU8(sums []int32, a []uint8, stride, k int) { sumRowsU8Generic(sums, a, stride, k) }
