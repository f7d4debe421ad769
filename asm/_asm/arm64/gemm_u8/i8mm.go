package main

import "mixq/asm/_asm/arm64"

// i8mm multiplies the codes of two rows by the weights of two channels, 8 k at a
// time: USMMLA multiplies a 2x8 matrix of u8 by an 8x2 matrix of s8.
func i8mm(f *arm64.File) {
	const (
		mr, pairs   = 6, 8 // pairs of channels
		a           = mr / 2 * pairs
		weights, to = a + mr, a + mr + 1
	)
	// The registers that the rows are loaded into, as prepare leaves them: the
	// halves of 16 k of every pair of rows.
	halves := [2][mr / 2]int{{a + 4, a + 0, a + 2}, {a + 1, a + 3, a + 5}}
	prepare := func() {
		free := to
		for i := 0; i < mr; i += 2 {
			f.Go("VTRN1 V%d.D2, V%d.D2, V%d.D2", a+i+1, a+i, free)
			f.Go("VTRN2 V%d.D2, V%d.D2, V%d.D2", a+i+1, a+i, a+i+1)
			free = a + i
		}
		f.Go("VMOV V%d.B16, V%d.B16", to, free)
	}
	// half adds the products of 8 k, whose weights begin at 128*n, and loads the
	// weights ahead, and with loadA set the next A as the registers fall free.
	half := func(n, h int, loadA bool) {
		for q := range pairs {
			for p, v := range halves[h] {
				f.Op(arm64.USMMLA, pairs*p+q, v, weights+q%2)
				if p == 0 {
					loadWeights(f, pairs*n+q, weights+(q+1)%2)
				}
				if loadA && h == 1 && q == 0 {
					loadRow(f, halves[0][p]-a, halves[0][p])
				}
				if loadA && h == 1 && q == pairs-1 {
					loadRow(f, v-a, v)
				}
			}
		}
	}
	block := func(loadA bool) {
		half(0, 0, loadA)
		half(1, 1, loadA)
		f.Go("ADD $256, %s", w)
	}
	frame := f.Func(arm64.I8MM, "gemmU8S8_6x16c8", signature,
		"For weights of any width.",
		"V0-V23: C, rows 2p, 2p+1 and channels 2q, 2q+1 in V(8p+q); V24-V29: A;",
		"V30, V31 in turn: W.")
	begin(f, frame)
	rows(f, mr)
	zero(f, 0, mr/2*pairs)
	loadWeights(f, 0, weights)
	f.Go("ADD $16, %s", w)
	f.Go("CBZ %s, partial", blocks)
	for i := range mr {
		loadRow(f, i, a+i)
	}
	nextBlock(f)
	prepare()

	f.Label("block")
	f.Go("SUBS $1, %s", blocks)
	f.Go("BEQ last")
	block(true)
	nextBlock(f)
	prepare()
	f.Go("B block")

	f.Label("last")
	block(false)

	f.Label("partial")
	f.Go("CBZ %s, sum", steps)
	f.Go("SUB $3, %s, R6", steps)
	partialRows(f, mr, a, steps, "add")
	f.Label("add")
	prepare()
	half(0, 0, false)
	f.Go("CBNZ R6, sum")
	half(1, 1, false)

	f.Label("sum")
	for p := range mr / 2 {
		for q := 0; q < pairs; q += 2 {
			v := pairs*p + q
			f.Go("VTRN1 V%d.D2, V%d.D2, V%d.D2", v+1, v, a)
			f.Go("VTRN2 V%d.D2, V%d.D2, V%d.D2", v+1, v, a+1)
			for i := range 2 {
				f.Go("FMOVQ F%d, %d(%s)", a+i, (2*p+i)*64+q*8, c)
			}
		}
	}
	f.Go("RET")
}
