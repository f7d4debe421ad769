//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./gemm_u8_amx -out ../gemm_u8_amx_amd64.s

// wideU8 is the form of kernels for all the rows of one panel or of two, whose
// sums and weights are cstep and wstep bytes apart. A step takes KR of the k.
type wideU8 = func(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)

// newWideGemmU8 makes the table row of kernels for weights of any width, which
// trust their arguments: one for a single panel and one for two, which reads
// the activations half as often. Panels have steps of kr filled up.
func newWideGemmU8(name string, level isa.Level, mr, kr int, one, two wideU8) GemmU8 {
	g := GemmU8{Name: name, Level: level, MR: mr, NR: 16, KR: kr, Panels: 2, WBits: 8, WBytes: 1, layout: layoutU8{16, 4}}
	g.Run = func(c []int32, a []uint8, lda, rows int, packed []byte, panels, k int) {
		g.check(c, a, lda, rows, packed, panels, k)
		if rows == 0 {
			return
		}
		size, sums, steps := g.PanelBytes(k), rows*16, (k+kr-1)/kr
		for p := 0; p < panels; p += 2 {
			run := two
			if p+1 == panels {
				run = one
			}
			run(unsafe.SliceData(c[p*sums:]), 4*sums, unsafe.SliceData(a), lda, unsafe.SliceData(packed[p*size:]), size, steps, rows)
		}
	}
	return g
}

//go:noescape
func gemmU8S8_12x16c4_avx512vnni_asm(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)

//go:noescape
func gemmU8S8_12x32c4_avx512vnni_asm(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)

//go:noescape
func gemmU8S8_32x16c64_amx_asm(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)

//go:noescape
func gemmU8S8_32x32c64_amx_asm(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)
