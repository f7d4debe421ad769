//go:build !purego

package asm

import (
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

// kernelU8 is the form of the assembly: steps is k/4 rounded up.
type kernelU8 = func(c *int32, a *uint8, lda int, packed *byte, steps int)

// newGemmU8 makes the table row of an assembly kernel of 16 channels, which
// trusts its arguments.
func newGemmU8(name string, level isa.Level, mr, wbits int, layout layoutU8, kernel kernelU8) GemmU8 {
	g := GemmU8{Name: name, Level: level, MR: mr, NR: 16, KR: 4, Panels: 1, WBits: wbits, WBytes: 1, layout: layout, tail: 16 * 4}
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

//go:noescape
func gemmU8S8_4x16c16_single_neon_asm(c *int32, a *uint8, lda int, packed *byte, steps int)

//go:noescape
func gemmU8S8_4x16c16_deep_neon_asm(c *int32, a *uint8, lda int, packed *byte, steps, depth int)

//go:noescape
func gemmU8S8_6x16c4_dotprod_asm(c *int32, a *uint8, lda int, packed *byte, steps int)

//go:noescape
func gemmU8S8_6x16c8_i8mm_asm(c *int32, a *uint8, lda int, packed *byte, steps int)
