// Command lines_f32 writes lines_f32_arm64.s: arithmetic on rows of float32,
// sums over them, and transposition.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(affine, combine, mask, moments, transpose) }

// groups emits a loop over groups of eight elements, which body handles in turn
// as two vectors, number 0 and 1; register is the count of groups.
func groups(f *arm64.File, register string, body func(v int)) {
	f.Label("group")
	for v := range 2 {
		body(v)
	}
	f.Go("SUBS $1, %s", register)
	f.Go("BNE group")
	f.Go("RET")
}

func load(f *arm64.File, v int, pointer string)  { f.Go("FMOVQ.P 16(%s), F%d", pointer, v) }
func store(f *arm64.File, v int, pointer string) { f.Go("FMOVQ.P F%d, 16(%s)", v, pointer) }

func affine(f *arm64.File) {
	const scale, shift, lo, hi = 4, 5, 6, 7
	frame := f.Func(arm64.NEON, "affineF32", "(dst, x *float32, scale, shift, lo, hi float32, groups int)",
		"AffineF32 on 8*groups elements; groups > 0.")
	f.Load(frame, "dst", "x", "groups")
	f.Broadcast(frame, scale, "scale", "shift", "lo", "hi")
	groups(f, "R2", func(v int) {
		load(f, v, "R1")
		f.Op(arm64.FMUL, v, v, scale)
		f.Op(arm64.FADD, v, v, shift)
		f.Op(arm64.FMAX, v, v, lo)
		f.Op(arm64.FMIN, v, v, hi)
		store(f, v, "R0")
	})
}

func combine(f *arm64.File) {
	const a, b, c = 4, 5, 6
	frame := f.Func(arm64.NEON, "combineF32", "(dst, x, y *float32, a, b, c float32, groups int)",
		"CombineF32 on 8*groups elements; groups > 0.")
	f.Load(frame, "dst", "x", "y", "groups")
	f.Broadcast(frame, a, "a", "b", "c")
	groups(f, "R3", func(v int) {
		load(f, v, "R1")
		load(f, 2+v, "R2")
		f.Op(arm64.FMUL, v, v, a)
		f.Op(arm64.FMUL, 2+v, 2+v, b)
		f.Op(arm64.FADD, v, v, 2+v)
		f.Op(arm64.FADD, v, v, c)
		store(f, v, "R0")
	})
}

func mask(f *arm64.File) {
	const lo, hi = 6, 7
	frame := f.Func(arm64.NEON, "maskF32", "(dst, x, y *float32, lo, hi float32, groups int)",
		"MaskF32 on 8*groups elements; groups > 0. Comparisons with NaN are false.")
	f.Load(frame, "dst", "x", "y", "groups")
	f.Broadcast(frame, lo, "lo", "hi")
	groups(f, "R3", func(v int) {
		load(f, v, "R1")
		load(f, 2+v, "R2")
		f.Op(arm64.FCMGT, 4+v, 2+v, lo)
		f.Op(arm64.FCMGT, 2+v, hi, 2+v)
		f.Go("VAND V%d.B16, V%d.B16, V%d.B16", 4+v, v, v)
		f.Go("VAND V%d.B16, V%d.B16, V%d.B16", 2+v, v, v)
		store(f, v, "R0")
	})
}

// moments keeps two sums in eight lanes each.
func moments(f *arm64.File) {
	const center, s, sy = 4, 5, 7
	frame := f.Func(arm64.NEON, "momentsF32", "(sums, x, y *float32, center float32, groups int)",
		"Adds x and x*(y-center) to eight sums each; groups > 0.",
		"V5, V6: sums of x; V7, V8: of the products.")
	f.Load(frame, "sums", "x", "y", "groups")
	f.Broadcast(frame, center, "center")
	f.Go("FLDPQ (R0), (F%d, F%d)", s, s+1)
	f.Go("FLDPQ 32(R0), (F%d, F%d)", sy, sy+1)
	f.Label("group")
	for v := range 2 {
		load(f, v, "R1")
		load(f, 2+v, "R2")
		f.Op(arm64.FADD, s+v, s+v, v)
		f.Op(arm64.FSUB, 2+v, 2+v, center)
		f.Op(arm64.FMUL, 2+v, 2+v, v)
		f.Op(arm64.FADD, sy+v, sy+v, 2+v)
	}
	f.Go("SUBS $1, R3")
	f.Go("BNE group")
	f.Go("FSTPQ (F%d, F%d), (R0)", s, s+1)
	f.Go("FSTPQ (F%d, F%d), 32(R0)", sy, sy+1)
	f.Go("RET")
}

// transpose interleaves rows 0 and 2, and 1 and 3, of a 4 x 4 block, and then
// the results.
func transpose(f *arm64.File) {
	frame := f.Func(arm64.NEON, "transposeF32", "(dst *float32, dstStride int, src *float32, srcStride, groups int)",
		"Transposes four rows of 4*groups elements; groups > 0.",
		"R5-R7: rows 1 to 3 of src, R2 being row 0; V0-V3: rows; V4-V7: pairs of rows.")
	f.Load(frame, "dst", "dstStride", "src", "srcStride", "groups")
	for i := range 3 {
		f.Go("ADD R3<<2, R%d, R%d", []int{2, 5, 6}[i], 5+i)
	}
	f.Label("block")
	for i, pointer := range []string{"R2", "R5", "R6", "R7"} {
		load(f, i, pointer)
	}
	zip := func(i, j, dst int) {
		f.Go("VZIP1 V%d.S4, V%d.S4, V%d.S4", j, i, dst)
		f.Go("VZIP2 V%d.S4, V%d.S4, V%d.S4", j, i, dst+1)
	}
	zip(0, 2, 4)
	zip(1, 3, 6)
	zip(4, 6, 0)
	zip(5, 7, 2)
	for i := range 4 {
		f.Go("FMOVQ F%d, (R0)", i)
		f.Go("ADD R1<<2, R0")
	}
	f.Go("SUBS $1, R4")
	f.Go("BNE block")
	f.Go("RET")
}
