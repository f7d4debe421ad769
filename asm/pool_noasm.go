//go:build purego || !(amd64 || arm64)

package asm

func maxTapsU8(dst, x []uint8, taps []int32, positions, step, channels int) {
	maxTapsU8Generic(dst, x, taps, positions, step, channels, maxU8)
}

func addU8(sums []int32, x []uint8) { addU8Generic(sums, x) }
