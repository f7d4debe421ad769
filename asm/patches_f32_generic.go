package asm

// patchesF32_4x8_generic is gemmF32_4x8_generic on patches.
func patchesF32_4x8_generic(sums, src []float32, taps Taps, corners []int32, b, _ []float32, fresh bool) {
	checkPatchesF32(4, 8, sums, src, taps, corners, b)
	if fresh {
		clear(sums[:4*8])
	}
	for i, c := range corners[:4] {
		row := sums[8*i:][:8]
		for l, tap := range taps.At {
			x, w := src[c+tap], b[8*l:][:8]
			for j := range row {
				row[j] += float32(x * w[j])
			}
		}
	}
}
