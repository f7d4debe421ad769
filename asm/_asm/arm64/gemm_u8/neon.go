package main

import "mixq/asm/_asm/arm64"

// The kernels without dot products multiply 8 bits to 16 and add there. An
// activation u becomes s = u-128 in the lower half of a block of 16 k, whose
// products are added, and t = 127-u in the upper half, whose products are
// subtracted: u*w = s*w + 128*w = -t*w + 127*w. As s and t are in [-128, 127]
// and w in [-m, m-1], s*w - t*w is within ±(128*m + 127*m), so that 128/m blocks
// fit in 16 bits, one even of the widest weights. What is left out, 128 or 127
// times the sum of the weights, comes after the weights of a panel.
//
// A kernel computes 4x4 tiles, one for each quarter of the panel.
const (
	tile     = 4
	quarters = 4
)

// More general registers of these kernels.
const (
	quarter = "R6"  // quarters that are left
	left    = "R7"  // blocks of this quarter
	rest    = "R13" // steps of this quarter after them
	corr    = "R14" // the corrections of this quarter
	depth   = "R15" // blocks that fit in 16 bits
	fit     = "R19" // blocks that still fit
)

// kernel is what a NEON kernel does with a block of 16 k.
type kernel struct {
	a, w int // first of the registers of A and of W
	flip int // the register of the mask that makes s and t

	// start clears the sums of a quarter.
	start func(f *arm64.File)
	// column adds the products of column j of the tile and calls between after
	// every instruction.
	column func(f *arm64.File, j int, between func(n int))
	// after follows a block; it may use label.
	after func(f *arm64.File, label string)
	// sum leaves the sums of row i in register sums+i and spares one register.
	sum func(f *arm64.File) (sums, spare int)
}

const signature = "(c *int32, a *uint8, lda int, packed *byte, steps int)"

// single widens after every block.
func single(f *arm64.File) {
	const t = 25 // four temporaries
	k := kernel{a: 16, w: 20, flip: 24}
	k.start = func(f *arm64.File) { zero(f, 0, tile*tile) }
	k.column = func(f *arm64.File, j int, between func(n int)) {
		for n := range 3 * tile {
			switch i := n % tile; n / tile {
			case 0:
				f.Op(arm64.SMULL, t+i, k.a+i, k.w+j)
			case 1:
				f.Op(arm64.SMLSL2, t+i, k.a+i, k.w+j)
			case 2:
				f.Op(arm64.SADALP, tile*i+j, t+i)
			}
			between(n)
		}
	}
	k.after = func(*arm64.File, string) {}
	k.sum = func(f *arm64.File) (sums, spare int) {
		addAcross(f, t, 1)
		return t, k.a
	}
	frame := f.Func(arm64.NEON, "gemmU8S8_4x16c16_single", signature,
		"For weights of any width.",
		"V0-V15: sums of (i, j) in V(4i+j), in four parts; V16-V19: A; V20-V23: W.")
	k.emit(f, frame)
}

// deep adds as many blocks in 16 bits as the width of the weights allows.
func deep(f *arm64.File) {
	const sums = 16
	k := kernel{a: 20, w: 24, flip: 28}
	k.start = func(f *arm64.File) {
		zero(f, 0, tile*tile+tile)
		f.Go("MOVD %s, %s", depth, fit)
	}
	k.column = func(f *arm64.File, j int, between func(n int)) {
		for n := range 2 * tile {
			i := n % tile
			f.Op([]arm64.Op{arm64.SMLAL, arm64.SMLSL2}[n/tile], tile*i+j, k.a+i, k.w+j)
			between(n)
		}
	}
	widen := func(f *arm64.File) {
		for v := range tile * tile {
			f.Op(arm64.SADDLP, v, v)
		}
		addAcross(f, 0, tile)
		for i := range tile {
			f.Go("VADD V%d.S4, V%d.S4, V%d.S4", tile*i, sums+i, sums+i)
		}
	}
	k.after = func(f *arm64.File, label string) {
		f.Go("SUBS $1, %s", fit)
		f.Go("BNE %s", label)
		f.Comment("Widen the sums before they overflow.")
		widen(f)
		zero(f, 0, tile*tile)
		f.Go("MOVD %s, %s", depth, fit)
		f.Label(label)
	}
	k.sum = func(f *arm64.File) (int, int) {
		widen(f)
		return sums, k.a
	}
	frame := f.Func(arm64.NEON, "gemmU8S8_4x16c16_deep", "(c *int32, a *uint8, lda int, packed *byte, steps, depth int)",
		"For weights of which depth blocks of 16 k fit in 16 bits.",
		"V0-V15: 16-bit sums of (i, j) in V(4i+j), in eight parts; V16-V19: sums of the rows;",
		"V20-V23: A; V24-V27: W.")
	f.Go("MOVD %s, %s", frame.Of("depth"), depth)
	k.emit(f, frame)
}

// addAcross adds the elements of the registers 4i to 4i+3, which become those of
// register dst+step*i, for each of four rows i.
func addAcross(f *arm64.File, dst, step int) {
	for v := 0; v < tile*tile; v += 2 {
		f.Go("VADDP V%d.S4, V%d.S4, V%d.S4", v+1, v, v)
	}
	for i := range tile {
		f.Go("VADDP V%d.S4, V%d.S4, V%d.S4", tile*i+2, tile*i, dst+step*i)
	}
}

// emit writes the loops around a kernel.
func (k kernel) emit(f *arm64.File, frame arm64.Frame) {
	begin(f, frame)
	f.Comment("The corrections follow steps/4 blocks of 256 bytes, rounded up.")
	f.Go("ADD $3, %s, %s", steps, corr)
	f.Go("ADD %s>>2, %s, %s", corr, blocks, corr)
	f.Go("ADD %s<<8, %s, %s", corr, w, corr)
	f.Go("VMOVI $0x80, V%d.B8", k.flip)
	f.Go("VMOVI $0x7f, V%d.B8", k.w)
	f.Go("VMOV V%d.D[0], V%d.D[1]", k.w, k.flip)
	for j := range tile {
		loadWeights(f, j, k.w+j)
	}
	f.Go("ADD $64, %s", w)
	f.Go("MOVD $%d, %s", quarters, quarter)

	f.Label("tile")
	rows(f, tile)
	f.Go("MOVD %s, %s", blocks, left)
	f.Go("MOVD %s, %s", steps, rest)
	k.start(f)
	f.Go("CBZ %s, partial", left)
	for i := range tile {
		loadRow(f, i, k.a+i)
	}
	nextBlock(f)

	f.Label("block")
	f.Go("SUBS $1, %s", left)
	f.Go("BEQ last")
	k.block(f, true)
	k.after(f, "fits")
	f.Go("B block")

	f.Label("last")
	k.block(f, false)
	k.after(f, "fitsLast")

	f.Label("partial")
	f.Go("CBZ %s, sum", rest)
	partialRows(f, tile, k.a, rest, "last")

	f.Label("sum")
	k.store(f)
	f.Go("SUBS $1, %s", quarter)
	f.Go("BNE tile")
	f.Go("RET")
}

// block adds the products of 16 k and loads the next weights; those after the
// last are the corrections. It loads the next A if there are any. In-order cores
// want loads between multiplications, as soon as a register is free.
func (k kernel) block(f *arm64.File, loadA bool) {
	for i := range tile {
		f.Go("VEOR V%d.B16, V%d.B16, V%d.B16", k.flip, k.a+i, k.a+i)
	}
	for j := range tile {
		k.column(f, j, func(n int) {
			if j > 0 && n == 1 {
				loadWeights(f, j-1, k.w+j-1)
			}
			if i := n - tile; loadA && j == tile-1 && i >= 0 && i < tile {
				loadRow(f, i, k.a+i) // both halves of V(k.a+i) are used
			}
		})
	}
	loadWeights(f, tile-1, k.w+tile-1)
	f.Go("ADD $64, %s", w)
	if loadA {
		nextBlock(f)
	}
}

// store adds the corrections and stores the tile.
func (k kernel) store(f *arm64.File) {
	sums, spare := k.sum(f)
	f.Go("FMOVQ.P 16(%s), F%d", corr, spare)
	for i := range tile {
		f.Go("VADD V%d.S4, V%d.S4, V%d.S4", spare, sums+i, sums+i)
		f.Go("FMOVQ F%d, %d(%s)", sums+i, i*quarters*tile*4, c)
	}
	f.Go("ADD $16, %s", c)
}
