package arm64

import (
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	f := &File{}
	frame := f.Func(DotProd, "sum", "(x *uint8, s float32) (n int)", "Adds.")
	f.Load(frame, "x")
	f.Broadcast(frame, 3, "s")
	f.Label("end")
	f.Comment("Four at a time.")
	f.Op(SDOT, 0, 1, 2, 3)
	f.Go("RET")
	const want = `
// func sum_dotprod_asm(x *uint8, s float32) (n int)
//
// Adds.
TEXT ·sum_dotprod_asm(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R0
	FMOVS s+8(FP), F3
	VDUP V3.S[0], V3.S4

end:
	// Four at a time.
	WORD $0x4fa2e820 // SDOT V0.4S, V1.16B, V2.4B[3]
	RET
`
	if got := f.text.String(); got != want {
		t.Errorf("text = %s\nwant %s", got, want)
	}
}

// A kernel must not hold instructions that its level lacks.
func TestOpChecksLevel(t *testing.T) {
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "SDOT in a function of level neon") {
			t.Errorf("recovered %q", v)
		}
	}()
	f := &File{}
	f.Func(NEON, "sum", "(x *uint8)")
	f.Op(SDOT, 0, 1, 2, 3)
}
