package asm

import "mixq/internal/isa"

// The tables of the tiled kernels. They drive dispatch, conformance tests, fuzz
// targets and benchmarks. Rows go from the general to the special: the last row
// that fits is the best, so levels rise and, within a level, WBits falls. The
// first row fits everything.
var (
	gemmF32s = append([]GemmF32{
		composeF32(GemmF32{Name: "gemmF32_4x8_generic", Level: isa.Generic, MR: 4, NR: 8,
			Run: gemmF32_4x8_generic, Patches: []PatchesF32{{4, patchesF32_4x8_generic}}}),
	}, gemmF32sArch...)

	pointwiseF32s = append([]PointwiseF32{
		{Name: "pointwiseF32_4_generic", Level: isa.Generic, MR: 4, NR: 1, Run: pointwiseF32_4_generic},
	}, pointwiseF32sArch...)

	gemmU8s = append([]GemmU8{
		newGemmU8Generic(),
	}, gemmU8sArch...)
)
