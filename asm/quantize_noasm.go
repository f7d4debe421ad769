//go:build purego || !amd64

package asm

func quantizeU8(dst []uint8, step int, x []float32, scale float32, zero, top uint8) {
	quantizeU8Generic(dst, step, x, scale, zero, top, 0)
}
