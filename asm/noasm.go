//go:build purego || !amd64

package asm

var (
	gemmF32sArch []GemmF32
	gemmU8sArch  []GemmU8
)
