//go:build !purego

package asm

import (
	"encoding/binary"
	"unsafe"

	"mixq/internal/isa"
)

var gemmU8sArch = []GemmU8{
	newGemmU8("gemmU8S8_4x16c16_single_neon", isa.NEON, 4, 8, 16, gemmU8S8_4x16c16_single_neon_asm),
	newGemmU8("gemmU8S5_4x16c16_deep_neon", isa.NEON, 4, 5, 16, deep(8)),
	newGemmU8("gemmU8S4_4x16c16_deep_neon", isa.NEON, 4, 4, 16, deep(16)),
	newGemmU8("gemmU8S3_4x16c16_deep_neon", isa.NEON, 4, 3, 16, deep(32)),
	newGemmU8("gemmU8S2_4x16c16_deep_neon", isa.NEON, 4, 2, 16, deep(64)),
	newGemmU8("gemmU8S8_6x16c4_dotprod", isa.DotProd, 6, 8, 4, gemmU8S8_6x16c4_dotprod_asm),
}

// kernelU8 is the form of the assembly: steps is k/4 rounded up.
type kernelU8 = func(c *int32, a *uint8, lda int, packed *byte, steps int)

// newGemmU8 makes the table row of an assembly kernel of 16 channels, which
// trusts its arguments. It takes group consecutive k of a channel at a time.
func newGemmU8(name string, level isa.Level, mr, wbits, group int, kernel kernelU8) GemmU8 {
	g := GemmU8{Name: name, Level: level, MR: mr, NR: 16, KR: 4, WBits: wbits, WBytes: 1, panelK: group, tail: 16 * 4}
	g.Pack = func(dst []byte, w []int8, n, k int) {
		checkPack(dst, w, n, k, g.PackedBytes(n, k))
		for ; n > 0; n -= 16 {
			rows := min(n, 16)
			packCorrected(dst[:g.PanelBytes(k)], w[:rows*k], k, group)
			dst, w = dst[g.PanelBytes(k):], w[rows*k:]
		}
	}
	g.Run = func(c []int32, a []uint8, lda int, packed []byte, k int) {
		checkGemmU8(mr, 16, g.PanelBytes(k), c, a, lda, packed, k)
		kernel(unsafe.SliceData(c), unsafe.SliceData(a), lda, unsafe.SliceData(packed), (k+3)/4)
	}
	return g
}

// deep is the kernel that widens its 16-bit sums every depth blocks.
func deep(depth int) kernelU8 {
	return func(c *int32, a *uint8, lda int, packed *byte, steps int) {
		gemmU8S8_4x16c16_deep_neon_asm(c, a, lda, packed, steps, depth)
	}
}

// packCorrected packs up to 16 rows of weights in blocks of 64 bytes, N = 64/group
// channels wide, and after them the little-endian corrections for what the
// kernels subtract to make activations signed (_asm/arm64/gemm_u8/neon.go):
//
//	packed[j/N][l/group][j%N][l%group] = w[j][l]
//	tail[j] = sum over l of w[j][l] * (128, but 127 in the upper half of a group of 16)
func packCorrected(dst []byte, w []int8, k, group int) {
	clear(dst)
	n := 64 / group
	tail := dst[len(dst)-16*4:]
	for j := range len(w) / max(k, 1) {
		first := j/n*n*roundUp(k, group) + j%n*group
		var sum int32
		for l, v := range w[j*k : (j+1)*k] {
			dst[first+l/group*64+l%group] = uint8(v)
			sum += int32(v) * int32(128-l%group/8)
		}
		binary.LittleEndian.PutUint32(tail[4*j:], uint32(sum))
	}
}

//go:noescape
func gemmU8S8_4x16c16_single_neon_asm(c *int32, a *uint8, lda int, packed *byte, steps int)

//go:noescape
func gemmU8S8_4x16c16_deep_neon_asm(c *int32, a *uint8, lda int, packed *byte, steps, depth int)

//go:noescape
func gemmU8S8_6x16c4_dotprod_asm(c *int32, a *uint8, lda int, packed *byte, steps int)
