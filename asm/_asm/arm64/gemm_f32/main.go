// Command gemm_f32 writes gemm_f32_arm64.s: the float32 micro-kernel.
package main

import "mixq/asm/_asm/arm64"

// The tile and the registers of its operands: sums in V0 to V15, two halves of a
// column of A and of a row of B in V16 to V19, the next ones in V20 to V23.
const (
	mr, nr = 8, 8
	first  = 16
	count  = 4
)

func main() { arm64.Main(kernel) }

func kernel(f *arm64.File) {
	frame := f.Func(arm64.NEON, "gemmF32_8x8", "(c *float32, ldc int, a, b *float32, k int)",
		"An 8x8 tile of C += A*B, one fused multiply-add per element and step.",
		"V0-V15: C[i] in V(2i), V(2i+1); V16-V19 and V20-V23 in turn: A, B of a step.",
		"The operands of a step are loaded during the one before.")
	f.Load(frame, "c", "ldc", "a", "b", "k")
	f.Go("LSL $2, R1")
	eachRow(f, "FLDPQ (R5), (F%d, F%d)")
	f.Go("CBZ R4, done")
	load(f, first, "R2")
	load(f, first+2, "R3")

	f.Label("even")
	f.Go("SUBS $1, R4")
	f.Go("BEQ last")
	step(f, first, first+count)
	f.Go("SUBS $1, R4")
	f.Go("BEQ lastOdd")
	step(f, first+count, first)
	f.Go("B even")

	f.Label("lastOdd")
	step(f, first+count, 0)
	f.Go("B done")

	f.Label("last")
	step(f, first, 0)

	f.Label("done")
	eachRow(f, "FSTPQ (F%d, F%d), (R5)")
	f.Go("RET")
}

// eachRow emits an instruction for every row of the tile, at which R5 points.
func eachRow(f *arm64.File, instruction string) {
	f.Go("MOVD R0, R5")
	for i := range mr {
		f.Go(instruction, 2*i, 2*i+1)
		f.Go("ADD R1, R5")
	}
}

// load takes the next eight floats into V(v), V(v+1).
func load(f *arm64.File, v int, pointer string) {
	f.Go("FLDPQ.P 32(%s), (F%d, F%d)", pointer, v, v+1)
}

// step adds the products of the operands from register v on, and loads the next
// ones from register next on unless that is 0.
func step(f *arm64.File, v, next int) {
	a, b := v, v+2
	for j := range nr / 4 {
		for i := range mr {
			f.Op(arm64.FMLA, 2*i+j, b+j, a+i/4, i%4)
			if next != 0 && i == 2 {
				load(f, next+2*j, []string{"R2", "R3"}[j])
			}
		}
	}
}
