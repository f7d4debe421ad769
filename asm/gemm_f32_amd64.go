//go:build !purego

package asm

import (
	"unsafe"

	"mixq/internal/isa"
)

//go:generate go run -C _asm ./gemm_f32 -out ../gemm_f32_amd64.s

var gemmF32sArch = []GemmF32{
	newGemmF32("gemmF32_4x24_avx2", isa.AVX2, 4, 24, gemmF32_4x24_avx2_asm,
		newPatchesF32(4, 24, patchesF32_4x24_avx2_asm)),
	newGemmF32("gemmF32_8x32_avx512", isa.AVX512VNNI, 8, 32, gemmF32_8x32_avx512_asm,
		newPatchesF32(8, 32, patchesF32_8x32_avx512_asm), newPatchesF32(7, 32, patchesF32_7x32_avx512_asm)),
}

// newGemmF32 makes the table row of an assembly kernel, which trusts its
// arguments.
func newGemmF32(name string, level isa.Level, mr, nr int,
	kernel func(c *float32, ldc int, a, b *float32, k int, from *float32, ldf int, bias, res *float32, lo, hi float32),
	patches ...PatchesF32) GemmF32 {
	run := func(c []float32, ldc int, a, b []float32, k int) {
		checkGemmF32(mr, nr, c, ldc, a, b, k)
		p := unsafe.SliceData(c)
		kernel(p, ldc, unsafe.SliceData(a), unsafe.SliceData(b), k, p, ldc, nil, nil, 0, 0)
	}
	tile := func(sums, a, b []float32, k int, fresh bool, end EndF32) {
		checkGemmF32(mr, nr, sums, nr, a, b, k)
		p := unsafe.SliceData(sums)
		from := p
		if fresh {
			from = nil
		}
		if end.Dst == nil {
			kernel(p, nr, unsafe.SliceData(a), unsafe.SliceData(b), k, from, nr, nil, nil, 0, 0)
			return
		}
		end.check(mr, nr)
		kernel(unsafe.SliceData(end.Dst), end.Stride, unsafe.SliceData(a), unsafe.SliceData(b), k, from, nr,
			unsafe.SliceData(end.Bias), unsafe.SliceData(end.Res), end.Lo, end.Hi)
	}
	return GemmF32{Name: name, Level: level, MR: mr, NR: nr, Run: run, Tile: tile, Patches: patches}
}

//go:noescape
func gemmF32_4x24_avx2_asm(c *float32, ldc int, a, b *float32, k int, from *float32, ldf int, bias, res *float32, lo, hi float32)

//go:noescape
func gemmF32_8x32_avx512_asm(c *float32, ldc int, a, b *float32, k int, from *float32, ldf int, bias, res *float32, lo, hi float32)
