//go:build purego || !(amd64 || arm64)

package asm

func dwConvU8(acc []int32, x []uint8, taps []int32, packed []int16, positions, step, channels int) {
	dwConvU8Generic(acc, x, taps, packed, positions, step, channels)
}
