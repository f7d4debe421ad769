//go:build purego || !(amd64 || arm64)

package asm

var gemmF32sArch []GemmF32
