// Command gemm_u8_amx writes gemm_u8_amx_amd64.s: the integer micro-kernels for
// tile registers.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mixq/asm/_asm/amx"
)

// The tile registers: the sums of two blocks of up to 16 rows by two panels, the
// activations of both blocks and the weights of both panels.
func sumTile(block, panel int) amx.Tile { return amx.Tile(2*block + panel) }
func actTile(block int) amx.Tile        { return amx.Tile(4 + block) }
func weightTile(panel int) amx.Tile     { return amx.Tile(6 + panel) }

// The general registers. Package amx does not let the allocator choose.
var (
	c, cstep    = RDI, R9  // sums of the current rows; bytes from one panel's to the next
	a, lda      = RSI, R8  // activations of the current rows
	w, wstep    = RBX, R10 // weights; bytes from one panel to the next
	steps, rows = R12, R13 // steps of a row; rows to do
	left, line  = RCX, R11 // steps to do; 64, the bytes of a row of sums or weights

	act    = [2]GPPhysical{RAX, RDX} // activations of the current step, by block
	weight = [2]GPPhysical{R14, R15} // weights of the current step, by panel

	address, number = RAX, RDX // outside of the steps
)

func main() {
	ConstraintExpr("!purego")
	tiles(1)
	tiles(2)
	Generate()
}

// tiles multiplies any number of rows by the given number of panels, one or
// two. A step takes 64 k, of which a panel in the common layout is one tile.
func tiles(panels int) {
	name := fmt.Sprintf("gemmU8S8_32x%dc64_amx_asm", 16*panels)
	TEXT(name, NOSPLIT, "func(c *int32, cstep int, a *uint8, lda int, packed *byte, wstep, steps, rows int)")
	Doc(name+" is for weights of any width. Steps are of 64 k; the sums and the weights of a second",
		"panel are cstep and wstep bytes after those of the first.")
	for _, p := range []struct {
		name string
		to   Register
	}{{"c", c}, {"cstep", cstep}, {"a", a}, {"lda", lda}, {"packed", w}, {"wstep", wstep}, {"steps", steps}, {"rows", rows}} {
		Load(Param(p.name), p.to)
	}
	MOVQ(U32(64), line)
	config := newConfig()

	CMPQ(rows, U8(32))
	JLT(LabelRef("tail"))
	config.load(16, 16)
	Label("rows32")
	block("rows32", 2, panels)
	MOVQ(lda, number)
	SHLQ(U8(5), number)
	ADDQ(number, a)
	ADDQ(U32(32*64), c)
	SUBQ(U8(32), rows)
	CMPQ(rows, U8(32))
	JGE(LabelRef("rows32"))

	Label("tail")
	Comment("Less than 32 rows are left.")
	TESTQ(rows, rows)
	JZ(LabelRef("done"))
	stepBack()
	Label("shape")
	CMPQ(rows, U8(16))
	JLE(LabelRef("tail16"))
	SUBQ(U8(16), rows)
	config.load(16, variable)
	block("tail32", 2, panels)
	JMP(LabelRef("done"))
	Label("tail16")
	config.load(variable, 16)
	block("tail16", 1, panels)

	Label("done")
	amx.Release()
	RET()
}

// stepBack does the last rows in a block with some that are done already, if
// there are any and the depth is small: to load other shapes takes about as long
// as eight steps.
func stepBack() {
	CMPQ(steps, U8(8))
	JGT(LabelRef("shape"))
	Load(Param("rows"), number)
	CMPQ(number, U8(32))
	JLT(LabelRef("shape"))
	MOVQ(U32(32), number)
	SUBQ(rows, number)
	MOVQ(number, rows)
	SHLQ(U8(6), number)
	SUBQ(number, c)
	IMULQ(lda, rows)
	SUBQ(rows, a)
	MOVQ(U32(32), rows)
	JMP(LabelRef("rows32"))
}

// block computes the sums of one or two blocks of rows.
func block(name string, blocks, panels int) {
	MOVQ(a, act[0])
	if blocks == 2 {
		MOVQ(lda, act[1])
		SHLQ(U8(4), act[1])
		ADDQ(a, act[1])
	}
	MOVQ(w, weight[0])
	if panels == 2 {
		LEAQ(Mem{Base: w, Index: wstep, Scale: 1}, weight[1])
	}
	for i := range blocks {
		for j := range panels {
			amx.Zero(sumTile(i, j))
		}
	}
	MOVQ(steps, left)
	TESTQ(left, left)
	JZ(LabelRef(name + "sums"))
	Label(name + "step")
	for j := range panels {
		amx.Load(weight[j], line, weightTile(j))
		ADDQ(U32(1024), weight[j])
	}
	for i := range blocks {
		amx.Load(act[i], lda, actTile(i))
		ADDQ(U8(64), act[i])
		for j := range panels {
			amx.DotU8S8(weightTile(j), actTile(i), sumTile(i, j))
		}
	}
	DECQ(left)
	JNZ(LabelRef(name + "step"))
	Label(name + "sums")
	MOVQ(c, address)
	for j := range panels {
		amx.Store(sumTile(0, j), address, line)
		if blocks == 2 {
			LEAQ(Mem{Base: address, Disp: 16 * 64}, number)
			amx.Store(sumTile(1, j), number, line)
		}
		ADDQ(cstep, address)
	}
}

// config is the memory that shapes are loaded from: byte 0 is the palette, word
// 8+t the bytes of a row of tile t, byte 48+t its rows.
type config struct{ Mem }

func newConfig() config {
	m := config{AllocLocal(64)}
	Comment("The shapes of the tiles: palette 1, rows of 64 bytes.")
	MOVQ(U32(1), m.Mem)
	MOVQ(U32(0), m.Offset(8))
	MOVQ(U64(0x0040004000400040), number)
	MOVQ(number, m.Offset(16))
	MOVQ(number, m.Offset(24))
	MOVQ(U32(0), m.Offset(32))
	MOVQ(U32(0), m.Offset(40))
	MOVQ(U32(0), m.Offset(56))
	return m
}

// variable stands for the rows that are left.
const variable = 0

// load sets the rows of the two blocks, 16 or variable.
func (m config) load(rows0, rows1 int) {
	fixed := uint64(16<<(8*weightTile(0)) | 16<<(8*weightTile(1)))
	var varied uint64
	for i, r := range []int{rows0, rows1} {
		of := uint64(1<<(8*sumTile(i, 0)) | 1<<(8*sumTile(i, 1)) | 1<<(8*actTile(i)))
		fixed += of * uint64(r)
		if r == variable {
			varied = of
		}
	}
	MOVQ(U64(fixed), number)
	if varied != 0 {
		MOVQ(U64(varied), address)
		IMULQ(rows, address)
		ADDQ(address, number)
	}
	MOVQ(number, m.Offset(48))
	LEAQ(m.Mem, address)
	amx.LoadConfig(address)
}
