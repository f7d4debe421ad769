// Command fetch_f32 writes fetch_f32_amd64.s.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!purego")
	TEXT("fetchF32_sse_asm", NOSPLIT, "func(x *float32, lines int)")
	Doc("fetchF32_sse_asm asks for lines of 64 bytes; lines > 0.")
	x, n := Load(Param("x"), GP64()), Load(Param("lines"), GP64())
	Label("line")
	PREFETCHT1(Mem{Base: x})
	ADDQ(U32(64), x)
	DECQ(n)
	JNZ(LabelRef("line"))
	RET()
	Generate()
}
