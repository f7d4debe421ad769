// Command gemm_u8 writes gemm_u8_arm64.s: the integer micro-kernels.
package main

import (
	"fmt"

	"mixq/asm/_asm/arm64"
)

func main() { arm64.Main(single, deep, dotProd, i8mm) }

// The general registers of all kernels after begin.
const (
	c      = "R0"
	a      = "R1"
	lda    = "R2"
	w      = "R3" // the next weights
	blocks = "R4" // whole blocks of 16 k that are left
	steps  = "R5" // steps of 4 k after them
	row0   = 9    // of the registers that point to the rows of A
	index  = 8    // of the register with the offset of the next block in a row
)

// begin loads the arguments and splits the steps.
func begin(f *arm64.File, frame arm64.Frame) {
	f.Load(frame, "c", "a", "lda", "packed", "steps")
	f.Go("AND $3, R4, %s", steps)
	f.Go("LSR $2, R4, %s", blocks)
}

// row is the register that points to row i of A.
func row(i int) string { return fmt.Sprintf("R%d", row0+i) }

// rows points at the mr rows of A.
func rows(f *arm64.File, mr int) {
	f.Go("MOVD %s, %s", a, row(0))
	for i := 1; i < mr; i++ {
		f.Go("ADD %s, %s, %s", lda, row(i-1), row(i))
	}
	f.Go("MOVD $0, R%d", index)
}

// loadRow loads the next block of row i of A; nextBlock moves all rows on.
func loadRow(f *arm64.File, i, v int) { f.Op(arm64.LDR, v, row0+i, index) }
func nextBlock(f *arm64.File)         { f.Go("ADD $16, R%d", index) }

// loadWeights loads the n-th next 16 bytes of weights.
func loadWeights(f *arm64.File, n, v int) { f.Go("FMOVQ %d(%s), F%d", 16*n, w, v) }

// zero clears count vector registers from first on.
func zero(f *arm64.File, first, count int) {
	for v := first; v < first+count; v++ {
		f.Go("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v)
	}
}

// skipBlocks points the registers of the rows at what follows whole blocks.
func skipBlocks(f *arm64.File, mr int) {
	for i := range mr {
		f.Go("ADD R%d, %s", index, row(i))
	}
}

// partialRows loads the last one to three steps of mr rows into the registers
// from v on, with zeros after them. It counts counter down to 0 and branches to
// label, or falls through.
func partialRows(f *arm64.File, mr, v int, counter, label string) {
	skipBlocks(f, mr)
	for n := range 3 {
		for i := range mr {
			if n == 0 {
				f.Go("FMOVS.P 4(%s), F%d", row(i), v+i)
			} else {
				f.Go("VLD1.P 4(%s), V%d.S[%d]", row(i), v+i, n)
			}
		}
		f.Go("SUBS $1, %s", counter)
		f.Go("BEQ %s", label)
	}
}
