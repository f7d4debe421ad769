//go:build purego || !amd64

package asm

func vecMatF32(dst, x, panels []float32, nr int) bool { return false }
