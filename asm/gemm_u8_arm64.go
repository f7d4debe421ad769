//go:build !purego

package asm

import (
	"encoding/binary"
	"unsafe"

	"mixq/internal/isa"
)

var gemmU8sArch = []GemmU8{
	newGemmU8("gemmU8S8_4x16c16_single_neon", isa.NEON, 4, 8, layoutU8{4, 16}, gemmU8S8_4x16c16_single_neon_asm),
	newGemmU8("gemmU8S5_4x16c16_deep_neon", isa.NEON, 4, 5, layoutU8{4, 16}, deep(8)),
	newGemmU8("gemmU8S4_4x16c16_deep_neon", isa.NEON, 4, 4, layoutU8{4, 16}, deep(16)),
	newGemmU8("gemmU8S3_4x16c16_deep_neon", isa.NEON, 4, 3, layoutU8{4, 16}, deep(32)),
	newGemmU8("gemmU8S2_4x16c16_deep_neon", isa.NEON, 4, 2, layoutU8{4, 16}, deep(64)),
	newGemmU8("gemmU8S8_6x16c4_dotprod", isa.DotProd, 6, 8, layoutU8{16, 4}, gemmU8S8_6x16c4_dotprod_asm),
	newGemmU8("gemmU8S8_6x16c8_i8mm", isa.I8MM, 6, 8, layoutU8{16, 8}, gemmU8S8_6x16c8_i8mm_asm),
}

// layoutU8 is the order of the weights in a panel: blocks of some channels, each
// with a group of consecutive k.
type layoutU8 struct{ channels, group int }

// kernelU8 is the form of the assembly: steps is k/4 rounded up.
type kernelU8 = func(c *int32, a *uint8, lda int, packed *byte, steps int)

// newGemmU8 makes the table row of an assembly kernel of 16 channels, which
// trusts its arguments.
func newGemmU8(name string, level isa.Level, mr, wbits int, layout layoutU8, kernel kernelU8) GemmU8 {
	g := GemmU8{Name: name, Level: level, MR: mr, NR: 16, KR: 4, Panels: 1, WBits: wbits, WBytes: 1, panelK: layout.group, tail: 16 * 4}
	g.Pack = func(dst []byte, w []int8, n, k int) {
		checkPack(dst, w, n, k, g.PackedBytes(n, k))
		for ; n > 0; n -= 16 {
			rows := min(n, 16)
			layout.pack(dst[:g.PanelBytes(k)], w[:rows*k], k)
			dst, w = dst[g.PanelBytes(k):], w[rows*k:]
		}
	}
	g.Run = g.byTile(func(c []int32, a []uint8, lda int, packed []byte, k int) {
		kernel(unsafe.SliceData(c), unsafe.SliceData(a), lda, unsafe.SliceData(packed), (k+3)/4)
	})
	return g
}

// deep is the kernel that widens its 16-bit sums every depth blocks.
func deep(depth int) kernelU8 {
	return func(c *int32, a *uint8, lda int, packed *byte, steps int) {
		gemmU8S8_4x16c16_deep_neon_asm(c, a, lda, packed, steps, depth)
	}
}

// pack packs up to 16 rows of weights and after them, little-endian, what the
// kernels of signed activations leave out (_asm/arm64/gemm_u8/neon.go):
//
//	packed[j/channels][l/group][j%channels][l%group] = w[j][l]
//	tail[j] = sum over l of w[j][l] * (128, but 127 in the upper half of a group of 16)
//
// All kernels read ahead into the tail.
func (p layoutU8) pack(dst []byte, w []int8, k int) {
	clear(dst)
	tail := dst[len(dst)-16*4:]
	for j := range len(w) / max(k, 1) {
		first := j/p.channels*p.channels*roundUp(k, p.group) + j%p.channels*p.group
		var sum int32
		for l, v := range w[j*k : (j+1)*k] {
			dst[first+l/p.group*p.channels*p.group+l%p.group] = uint8(v)
			sum += int32(v) * int32(128-l%p.group/8)
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

//go:noescape
func gemmU8S8_6x16c8_i8mm_asm(c *int32, a *uint8, lda int, packed *byte, steps int)
