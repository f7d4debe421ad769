// Command copyrows writes copyrows_amd64.s: copies of many short rows.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	copyRows(32, VMOVDQU, func() Register { return YMM() })
	copyRows(16, VMOVDQU, func() Register { return XMM() })
	copyRows(8, MOVQ, func() Register { return GP64() })
	copyRows(4, MOVL, func() Register { return GP32() })
	Generate()
}

// copyRows copies blocks of a size; the last block of a row ends with the row
// and may overlap the one before.
func copyRows(block int, move func(from, to Op), register func() Register) {
	name := fmt.Sprintf("copyRowsU8_%d_avx2_asm", block)
	TEXT(name, NOSPLIT, "func(dst *uint8, dstStride int, src *uint8, srcStride, rows, n int)")
	Doc(fmt.Sprintf("%s is CopyRowsU8; rows > 0 and n >= %d.", name, block))
	dst := Load(Param("dst"), GP64())
	dstStride := Load(Param("dstStride"), GP64())
	src := Load(Param("src"), GP64())
	srcStride := Load(Param("srcStride"), GP64())
	rows := Load(Param("rows"), GP64())
	last := Load(Param("n"), GP64())
	SUBQ(U8(block), last)
	v, w, at := register(), register(), GP64()

	Label("row")
	move(Mem{Base: src, Index: last, Scale: 1}, w)
	XORQ(at, at)
	CMPQ(at, last)
	JGE(LabelRef("end"))
	Label("block")
	move(Mem{Base: src, Index: at, Scale: 1}, v)
	move(v, Mem{Base: dst, Index: at, Scale: 1})
	ADDQ(U8(block), at)
	CMPQ(at, last)
	JLT(LabelRef("block"))
	Label("end")
	move(w, Mem{Base: dst, Index: last, Scale: 1})
	ADDQ(srcStride, src)
	ADDQ(dstStride, dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	if block >= 16 {
		VZEROUPPER()
	}
	RET()
}
