//go:build purego || !(amd64 || arm64)

package asm

func expandU8(dst, planes []byte, bits, rows int, zero *zerosU8) {
	expandU8Generic(dst, planes, bits, rows, zero)
}

func widenU8(dst, src []byte, rows int) { widenU8Generic(dst, src, rows) }

func packPlaneU8(dst, codes []byte, shift, width int) { packPlaneU8Generic(dst, codes, shift, width) }
