//go:build purego || !(amd64 || arm64)

package asm

func requant(q *Requant) { requantGeneric(q, 0) }
