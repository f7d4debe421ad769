//go:build purego || !amd64

package asm

func unpackU8(dst []uint8, src []byte, bits int) { unpackU8Generic(dst, src, bits) }
