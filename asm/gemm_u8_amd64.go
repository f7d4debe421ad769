//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./gemm_u8 -out ../gemm_u8_amd64.s

var gemmU8sArch = []GemmU8{
	newGemmU8("gemmU8S8_4x16c4_avx2", isa.AVX2, 4, 8, 2, gemmU8S8_4x16c4_avx2_asm),
	newGemmU8("gemmU8S7_6x16c4_avx2", isa.AVX2, 6, 7, 1, gemmU8S7_6x16c4_avx2_asm),
	newGemmU8("gemmU8S6_4x16c4_avx2", isa.AVX2, 4, 6, 1, gemmU8S6_4x16c4_avx2_asm),
	newGemmU8("gemmU8S5_6x16c4_avx2", isa.AVX2, 6, 5, 1, deep(4)),
	newGemmU8("gemmU8S4_6x16c4_avx2", isa.AVX2, 6, 4, 1, deep(8)),
	newGemmU8("gemmU8S3_6x16c4_avx2", isa.AVX2, 6, 3, 1, deep(16)),
	newGemmU8("gemmU8S2_6x16c4_avx2", isa.AVX2, 6, 2, 1, deep(32)),
	newWideGemmU8("gemmU8S8_12x32c4_avx512vnni", isa.AVX512VNNI, 12, 4, gemmU8S8_12x16c4_avx512vnni_asm, gemmU8S8_12x32c4_avx512vnni_asm),
	newWideGemmU8("gemmU8S8_32x32c64_amx", isa.AMX, 1, 64, gemmU8S8_32x16c64_amx_asm, gemmU8S8_32x32c64_amx_asm),
}

// kernelU8 is the form of the assembly: steps is k/4 rounded up.
type kernelU8 = func(c *int32, a *uint8, lda int, packed *byte, steps int)

// newGemmU8 makes the table row of an assembly kernel of 16 channels, which
// trusts its arguments.
func newGemmU8(name string, level isa.Level, mr, wbits, wbytes int, kernel kernelU8) GemmU8 {
	g := GemmU8{Name: name, Level: level, MR: mr, NR: 16, KR: 4, Panels: 1, WBits: wbits, WBytes: wbytes, layout: layoutU8{16, 4}}
	g.Run = g.byTile(func(c []int32, a []uint8, lda int, packed []byte, k int) {
		kernel(unsafe.SliceData(c), unsafe.SliceData(a), lda, unsafe.SliceData(packed), (k+3)/4)
	})
	return g
}

// deep is the kernel that widens its 16-bit sums every depth steps. A step adds
// a pair of products, of magnitude 2*255*2^(b-1) at most for b bits, so 2^(7-b)
// steps reach 32640 and no lane saturates.
func deep(depth int) kernelU8 {
	return func(c *int32, a *uint8, lda int, packed *byte, steps int) {
		gemmU8S5_6x16c4_avx2_asm(c, a, lda, packed, steps, depth)
	}
}

//go:noescape
func gemmU8S8_4x16c4_avx2_asm(c *int32, a *uint8, lda int, packed *byte, steps int)

//go:noescape
func gemmU8S7_6x16c4_avx2_asm(c *int32, a *uint8, lda int, packed *byte, steps int)

//go:noescape
func gemmU8S6_4x16c4_avx2_asm(c *int32, a *uint8, lda int, packed *byte, steps int)

//go:noescape
func gemmU8S5_6x16c4_avx2_asm(c *int32, a *uint8, lda int, packed *byte, steps, depth int)
