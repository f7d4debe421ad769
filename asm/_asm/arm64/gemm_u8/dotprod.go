package main

import "mixq/asm/_asm/arm64"

// dotProd multiplies 4 k at a time. SDOT wants signed activations, so it gets
// u-128, and 128 times the sum of the weights comes after those of a panel.
func dotProd(f *arm64.File) {
	const (
		mr, columns = 6, 4 // a column is four channels
		a           = mr * columns
		weights     = a + mr // two registers, used in turn
	)
	flip := func() {
		f.Go("VMOVI $0x80, V%d.B16", weights+1)
		for i := range mr {
			f.Go("VEOR V%d.B16, V%d.B16, V%d.B16", weights+1, a+i, a+i)
		}
	}
	// step adds the products of 4 k, whose weights begin at 64*s, and loads the
	// weights ahead, and with loadA set the next A as the registers fall free.
	step := func(s, lane int, loadA bool) {
		for j := range columns {
			for i := range mr {
				f.Op(arm64.SDOT, columns*i+j, weights+j%2, a+i, lane)
				if i == 0 {
					loadWeights(f, columns*s+j, weights+(j+1)%2)
				}
				if loadA && j == columns-1 {
					loadRow(f, i, a+i)
				}
			}
		}
	}
	block := func(loadA bool) {
		for s := range 4 {
			step(s, s, loadA && s == 3)
		}
		f.Go("ADD $256, %s", w)
	}
	frame := f.Func(arm64.DotProd, "gemmU8S8_6x16c4", signature,
		"For weights of any width.",
		"V0-V23: C, row i in V(4i) to V(4i+3); V24-V29: A; V30, V31 in turn: W.")
	begin(f, frame)
	rows(f, mr)
	zero(f, 0, mr*columns)
	loadWeights(f, 0, weights)
	f.Go("ADD $16, %s", w)
	f.Go("CBZ %s, partial", blocks)
	for i := range mr {
		loadRow(f, i, a+i)
	}
	nextBlock(f)
	flip()

	f.Label("block")
	f.Go("SUBS $1, %s", blocks)
	f.Go("BEQ last")
	block(true)
	nextBlock(f)
	flip()
	f.Go("B block")

	f.Label("last")
	block(false)

	f.Label("partial")
	skipBlocks(f, mr)
	f.Label("step")
	f.Go("CBZ %s, sum", steps)
	for i := range mr {
		f.Go("FMOVS.P 4(%s), F%d", row(i), a+i)
	}
	flip()
	step(0, 0, false)
	f.Go("ADD $64, %s", w)
	f.Go("SUB $1, %s", steps)
	f.Go("B step")

	f.Label("sum")
	f.Comment("The weights ahead were the first corrections.")
	f.Go("SUB $16, %s", w)
	for j := range columns {
		loadWeights(f, j, a+j)
	}
	for i := range mr {
		for j := range columns {
			v := columns*i + j
			f.Go("VADD V%d.S4, V%d.S4, V%d.S4", a+j, v, v)
			f.Go("FMOVQ F%d, %d(%s)", v, 16*v, c)
		}
	}
	f.Go("RET")
}
