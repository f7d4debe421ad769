// Command winograd_f32 writes winograd_f32_arm64.s: the transforms of Winograd's
// F(4x4,3x3). A vector holds the same element of four windows or channels.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(input, output) }

// Registers of the constants by which FMLA multiplies, in lane 0.
const (
	four = 28 + iota
	minusFour
	two
	minusTwo
	eight = minusFour // of the output
)

func constant(f *arm64.File, register int, value string) { f.Go("FMOVS $%s, F%d", value, register) }

// fma is d += n·constant; the products are exact.
func fma(f *arm64.File, d, n, constant int) { f.Op(arm64.FMLA, d, n, constant, 0) }

func move(f *arm64.File, from, to int) { f.Go("VMOV V%d.B16, V%d.B16", from, to) }

// zip interleaves vectors i and j into dst and dst+1.
func zip(f *arm64.File, i, j, dst int) {
	f.Go("VZIP1 V%d.S4, V%d.S4, V%d.S4", j, i, dst)
	f.Go("VZIP2 V%d.S4, V%d.S4, V%d.S4", j, i, dst+1)
}

// input keeps the result along the rows in dst, where the columns take it from.
func input(f *arm64.File) {
	frame := f.Func(arm64.NEON, "winogradInputF32", "(dst *float32, matrix, mr int, src *float32, plane, stride int, offsets *int32, channels int)",
		"WinogradInputF32 for the first four windows; channels > 0.",
		"R8-R11: the windows in a channel; R12-R15: in a row; R16: in dst.",
		"V0-V5: a row or column of the windows; V6-V11: what comes of it.")
	f.Load(frame, "dst", "matrix", "mr", "src", "plane", "stride", "offsets", "channels")
	for i, value := range []string{"4.0", "-4.0", "2.0", "-2.0"} {
		constant(f, four+i, value)
	}
	for i := range 4 {
		f.Go("MOVW %d(R6), R%d", 4*i, 8+i)
		f.Go("ADD R%d<<2, R3, R%d", 8+i, 8+i)
	}
	f.Go("LSL $2, R1")
	f.Go("ADD R1<<1, R1, R17")
	f.Go("LSL $1, R17")

	f.Label("channel")
	f.Comment("Along the rows.")
	for i := range 4 {
		f.Go("MOVD R%d, R%d", 8+i, 12+i)
	}
	f.Go("MOVD R0, R16")
	f.Go("MOVD $6, R19")
	f.Label("row")
	loadRow(f)
	for _, v := range applyB(f) {
		f.Go("FMOVQ F%d, (R16)", v)
		f.Go("ADD R1, R16")
	}
	for i := range 4 {
		f.Go("ADD R5<<2, R%d", 12+i)
	}
	f.Go("SUBS $1, R19")
	f.Go("BNE row")

	f.Comment("Along the columns.")
	f.Go("MOVD R0, R20")
	f.Go("MOVD $6, R19")
	f.Label("column")
	f.Go("MOVD R20, R16")
	for i := range 6 {
		f.Go("FMOVQ (R16), F%d", i)
		f.Go("ADD R17, R16")
	}
	f.Go("MOVD R20, R16")
	for _, v := range applyB(f) {
		f.Go("FMOVQ F%d, (R16)", v)
		f.Go("ADD R17, R16")
	}
	f.Go("ADD R1, R20")
	f.Go("SUBS $1, R19")
	f.Go("BNE column")

	for i := range 4 {
		f.Go("ADD R4<<2, R%d", 8+i)
	}
	f.Go("ADD R2<<2, R0")
	f.Go("SUBS $1, R7")
	f.Go("BNE channel")
	f.Go("RET")
}

// loadRow loads six elements from each of R12 to R15 and transposes them.
func loadRow(f *arm64.File) {
	for i := range 4 {
		f.Go("FMOVQ (R%d), F%d", 12+i, 6+i)
		f.Go("FMOVD 16(R%d), F%d", 12+i, 20+i)
	}
	zip(f, 6, 8, 12)
	zip(f, 7, 9, 14)
	zip(f, 12, 14, 0)
	zip(f, 13, 15, 2)
	f.Go("VZIP1 V22.S4, V20.S4, V16.S4")
	f.Go("VZIP1 V23.S4, V21.S4, V17.S4")
	zip(f, 16, 17, 4)
}

// applyB is winogradB of V0 to V5; it returns where the results are.
func applyB(f *arm64.File) [6]int {
	f.Op(arm64.FSUB, 6, 4, 2)
	f.Op(arm64.FSUB, 7, 3, 1)
	f.Op(arm64.FSUB, 0, 0, 2)
	f.Op(arm64.FSUB, 5, 5, 3)
	fma(f, 4, 2, minusFour)
	fma(f, 3, 1, minusFour)
	move(f, 6, 8)
	move(f, 6, 11)
	fma(f, 8, 0, four)
	fma(f, 5, 7, minusFour)
	f.Op(arm64.FADD, 9, 4, 3)
	f.Op(arm64.FSUB, 10, 4, 3)
	fma(f, 11, 7, two)
	fma(f, 6, 7, minusTwo)
	return [6]int{8, 9, 10, 11, 6, 5}
}

func output(f *arm64.File) {
	frame := f.Func(arm64.NEON, "winogradOutputF32", "(dst *float32, plane, stride int, src *float32, matrix, row, tiles int)",
		"WinogradOutputF32 for the first four channels; tiles > 0.",
		"V0-V23: the result along the columns, four rows of six: row i of column j in V(4j+i).")
	f.Load(frame, "dst", "plane", "stride", "src", "matrix", "row", "tiles")
	constant(f, four, "4.0")
	constant(f, eight, "8.0")
	constant(f, two, "2.0")
	f.Go("LSL $2, R4")
	f.Go("ADD R4<<1, R4, R7")
	f.Go("LSL $1, R7")

	f.Label("tile")
	f.Comment("Along the columns.")
	f.Go("MOVD R3, R8")
	for j := range 6 {
		m := [6]int{4 * j, 4*j + 1, 4*j + 3, 24, 25, 26}
		f.Go("MOVD R8, R9")
		for _, v := range m {
			f.Go("FMOVQ (R9), F%d", v)
			f.Go("ADD R7, R9")
		}
		applyA(f, m, 4*j+2, 27)
		f.Go("ADD R4, R8")
	}

	f.Comment("Along the rows, and the four channels to their planes.")
	f.Go("MOVD R0, R10")
	for i := range 4 {
		y := [6]int{i, 4 + i, 8 + i, 12 + i, 16 + i, 20 + i}
		applyA(f, y, 24, 25)
		zip(f, y[0], 24, 26)
		f.Go("VZIP1 V%d.S4, V%d.S4, V25.S4", y[2], y[1])
		f.Go("VZIP2 V%d.S4, V%d.S4, V31.S4", y[2], y[1])
		f.Go("VZIP1 V25.S4, V26.S4, V%d.S4", y[0])
		f.Go("VZIP2 V25.S4, V26.S4, V%d.S4", y[1])
		f.Go("VZIP1 V31.S4, V27.S4, V%d.S4", y[2])
		f.Go("VZIP2 V31.S4, V27.S4, V%d.S4", y[3])
		f.Go("MOVD R10, R11")
		for _, v := range y[:4] {
			f.Go("FMOVQ F%d, (R11)", v)
			f.Go("ADD R1<<2, R11")
		}
		f.Go("ADD R2<<2, R10")
	}

	f.Go("ADD R5<<2, R3")
	f.Go("ADD $16, R0")
	f.Go("SUBS $1, R6")
	f.Go("BNE tile")
	f.Go("RET")
}

// applyA is winogradA of the vectors m; the results are in m[0], m[1], y2 and
// m[2].
func applyA(f *arm64.File, m [6]int, y2, u int) {
	f.Op(arm64.FADD, y2, m[1], m[2])
	f.Op(arm64.FSUB, m[1], m[1], m[2])
	f.Op(arm64.FADD, u, m[3], m[4])
	f.Op(arm64.FSUB, m[3], m[3], m[4])
	f.Op(arm64.FADD, m[0], m[0], y2)
	f.Op(arm64.FADD, m[0], m[0], u)
	fma(f, y2, u, four)
	move(f, m[1], m[2])
	fma(f, m[2], m[3], eight)
	f.Op(arm64.FADD, m[2], m[2], m[5])
	fma(f, m[1], m[3], two)
}
