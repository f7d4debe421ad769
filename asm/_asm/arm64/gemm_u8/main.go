// Command gemm_u8 writes gemm_u8_arm64.s: the integer micro-kernels.
package main

import . "mixq/asm/_asm/arm64"

func main() { Main(single, deep, dotProd) }

// operands are the general registers of all kernels after begin.
const (
	c      = "R0"
	a      = "R1"
	lda    = "R2"
	w      = "R3" // the next weights
	blocks = "R4" // whole blocks of 16 k that are left
	steps  = "R5" // steps of 4 k after them
	row0   = 9    // of the registers that point to the rows of A
)

// begin loads the arguments and splits the steps.
func begin(f *File, frame Frame) {
	f.Load(frame, "c", "a", "lda", "packed", "steps")
	f.Go("AND $3, R4, %s", steps)
	f.Go("LSR $2, R4, %s", blocks)
}

// rows points at the mr rows of A.
func rows(f *File, mr int) {
	f.Go("MOVD %s, R%d", a, row0)
	for i := 1; i < mr; i++ {
		f.Go("ADD %s, R%d, R%d", lda, row0+i-1, row0+i)
	}
}

// zero clears count vector registers from first on.
func zero(f *File, first, count int) {
	for v := first; v < first+count; v++ {
		f.Go("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v)
	}
}

// next loads the next 16 bytes that a general register points to.
func next(f *File, pointer string, v int) { f.Go("FMOVQ.P 16(%s), F%d", pointer, v) }
