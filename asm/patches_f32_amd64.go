//go:build !purego

package asm

import "unsafe"

// newPatchesF32 makes the table entry of an assembly kernel, which trusts its
// arguments.
func newPatchesF32(rows, nr int, kernel func(sums, src *float32, taps *int32, k int, corners *int32, b, ahead *float32, fresh bool)) PatchesF32 {
	return PatchesF32{rows, func(sums, src []float32, taps Taps, corners []int32, b, ahead []float32, fresh bool) {
		checkPatchesF32(rows, nr, sums, src, taps, corners, b)
		if k := len(taps.At); k > 0 {
			kernel(unsafe.SliceData(sums), unsafe.SliceData(src), unsafe.SliceData(taps.At), k,
				unsafe.SliceData(corners), unsafe.SliceData(b), unsafe.SliceData(ahead), fresh)
		} else if fresh {
			clear(sums[:rows*nr])
		}
	}}
}

//go:noescape
func patchesF32_4x24_avx2_asm(sums, src *float32, taps *int32, k int, corners *int32, b, ahead *float32, fresh bool)

//go:noescape
func patchesF32_7x32_avx512_asm(sums, src *float32, taps *int32, k int, corners *int32, b, ahead *float32, fresh bool)

//go:noescape
func patchesF32_8x32_avx512_asm(sums, src *float32, taps *int32, k int, corners *int32, b, ahead *float32, fresh bool)
