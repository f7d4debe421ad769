// Command copyrows writes copyrows_arm64.s: copies of many short rows.
package main

import "mixq/asm/_asm/arm64"

func main() { arm64.Main(kernel) }

// kernel has one loop over rows for every range of widths. The last move of a
// row ends with it and may overlap the one before.
func kernel(f *arm64.File) {
	frame := f.Func(arm64.NEON, "copyRowsU8", "(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)",
		"CopyRowsU8 of at least one row of at least four bytes.",
		"R6: where the last move is; R7-R10: the current moves.")
	f.Load(frame, "dst", "dstStride", "src", "srcStride", "rows", "n")
	f.Go("SUBS $16, R5, R6")
	f.Go("BGE sixteens")
	f.Go("SUBS $8, R5, R6")
	f.Go("BGE eight")
	f.Go("SUB $4, R5, R6")
	for _, w := range []struct{ label, load, store string }{{"four", "MOVWU", "MOVW"}, {"eight", "MOVD", "MOVD"}} {
		f.Label(w.label)
		f.Go("%s (R2), R7", w.load)
		f.Go("%s (R2)(R6), R8", w.load)
		f.Go("%s R7, (R0)", w.store)
		f.Go("%s R8, (R0)(R6)", w.store)
		nextRow(f, w.label)
	}

	f.Label("sixteens")
	f.Go("MOVD R2, R7")
	f.Go("MOVD R0, R8")
	f.Go("MOVD R6, R9")
	f.Go("ADD R6, R2, R10")
	f.Go("FMOVQ (R10), F1")
	f.Go("CBZ R9, end")
	f.Label("sixteen")
	f.Go("FMOVQ.P 16(R7), F0")
	f.Go("FMOVQ.P F0, 16(R8)")
	f.Go("SUBS $16, R9")
	f.Go("BGT sixteen")
	f.Label("end")
	f.Go("ADD R6, R0, R10")
	f.Go("FMOVQ F1, (R10)")
	nextRow(f, "sixteens")
}

// nextRow goes on with the next row, if there is one, at label.
func nextRow(f *arm64.File, label string) {
	f.Go("ADD R1, R0")
	f.Go("ADD R3, R2")
	f.Go("SUBS $1, R4")
	f.Go("BNE %s", label)
	f.Go("RET")
}
