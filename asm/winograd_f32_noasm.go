//go:build purego || !(amd64 || arm64)

package asm

func winogradInputF32(dst []float32, matrix, mr int, src []float32, plane, stride int, offsets *[WinogradTiles]int32, channels int) {
	winogradInputF32Generic(dst, matrix, mr, src, plane, stride, offsets, channels)
}

func winogradOutputF32(dst []float32, plane, stride int, src []float32, matrix, row, tiles int) {
	winogradOutputF32Generic(dst, plane, stride, src, matrix, row, tiles)
}
