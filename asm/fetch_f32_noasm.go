//go:build purego || !amd64

package asm

func fetchF32([]float32) {}
