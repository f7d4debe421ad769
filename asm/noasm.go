//go:build purego || !amd64

package asm

var (
	gemmF32sArch []GemmF32
	gemmU8sArch  []GemmU8
)

func requant(q *Requant) { requantGeneric(q, 0) }

func sumU8(a []uint8) int32 { return sumU8Generic(a) }

func axpyS32(y, x []int32, s int32) { axpyS32Generic(y, x, s) }
