package arm64

import (
	"fmt"
	"strings"
)

// Level is what a processor must have to run an instruction: the levels of
// mixq/internal/isa, by whose names kernels end.
type Level int

// The levels, of which each has the instructions of those before it.
const (
	NEON Level = iota
	DotProd
	I8MM
)

// String is the end of the name of a kernel of this level.
func (l Level) String() string { return [...]string{"neon", "dotprod", "i8mm"}[l] }

// Op is an instruction that the Go assembler has no mnemonic for.
type Op struct {
	name     string
	operands string // destination first, with a verb for every number
	word     uint32 // the encoding when every number is 0
	level    Level
}

// The operands of the instructions.
const (
	same2     = "V%d.4S, V%d.4S"
	same3     = "V%d.4S, V%d.4S, V%d.4S"
	lane      = "V%d.4S, V%d.4S, V%d.S[%d]"
	matrix    = "V%d.4S, V%d.16B, V%d.16B"
	dotLane   = "V%d.4S, V%d.16B, V%d.4B[%d]"
	longLow   = "V%d.8H, V%d.8B, V%d.8B"
	longHigh  = "V%d.8H, V%d.16B, V%d.16B"
	wideLow   = "V%d.4S, V%d.4H, V%d.4H"
	wideHigh  = "V%d.4S, V%d.8H, V%d.8H"
	pairsOf8  = "V%d.8H, V%d.16B"
	pairsOf16 = "V%d.4S, V%d.8H"
	indexed   = "Q%d, [X%d, X%d]"
)

// The instructions, with encodings from the Arm Architecture Reference Manual
// (DDI 0487), section C7.2.
var (
	LDR = Op{"LDR", indexed, 0x3ce06800, NEON} // 16 bytes at the sum of two general registers

	FADD   = Op{"FADD", same3, 0x4e20d400, NEON}
	FSUB   = Op{"FSUB", same3, 0x4ea0d400, NEON}
	FMUL   = Op{"FMUL", same3, 0x6e20dc00, NEON}
	FMAX   = Op{"FMAX", same3, 0x4e20f400, NEON}
	FMIN   = Op{"FMIN", same3, 0x4ea0f400, NEON}
	FCMGT  = Op{"FCMGT", same3, 0x6ea0e400, NEON} // d = all ones if n > m, else 0
	FMLA   = Op{"FMLA", lane, 0x4f801000, NEON}   // d += n * m[lane], rounded once
	SCVTF  = Op{"SCVTF", same2, 0x4e21d800, NEON}
	FRINTN = Op{"FRINTN", same2, 0x4e218800, NEON} // half to even
	FCVTZS = Op{"FCVTZS", same2, 0x4ea1b800, NEON}

	MLS = Op{"MLS", same3, 0x6ea09400, NEON}

	SMULL   = Op{"SMULL", longLow, 0x0e20c000, NEON}
	SMLAL   = Op{"SMLAL", longLow, 0x0e208000, NEON}
	SMLSL2  = Op{"SMLSL2", longHigh, 0x4e20a000, NEON}
	WSMLAL  = Op{"SMLAL", wideLow, 0x0e608000, NEON} // 16 to 32 bits
	WSMLAL2 = Op{"SMLAL2", wideHigh, 0x4e608000, NEON}
	UADDLP  = Op{"UADDLP", pairsOf8, 0x6e202800, NEON}
	SADDLP  = Op{"SADDLP", pairsOf16, 0x4e602800, NEON}
	SADALP  = Op{"SADALP", pairsOf16, 0x4e606800, NEON}
	UADALP  = Op{"UADALP", pairsOf16, 0x6e606800, NEON}

	SDOT = Op{"SDOT", dotLane, 0x4f80e000, DotProd} // d[i] += sum of n[4i..4i+3] * m[4lane..4lane+3]

	USMMLA = Op{"USMMLA", matrix, 0x4e80ac00, I8MM} // d += n * transpose(m), 2x8 u8 times 8x2 s8, row-major
)

// ops lists the instructions for the tests.
var ops = []Op{
	LDR,
	FADD, FSUB, FMUL, FMAX, FMIN, FCMGT, FMLA, SCVTF, FRINTN, FCVTZS,
	MLS, SMULL, SMLAL, SMLSL2, WSMLAL, WSMLAL2, UADDLP, SADDLP, SADALP, UADALP,
	SDOT, USMMLA,
}

// hasLane reports whether the last number is that of a lane.
func (o Op) hasLane() bool { return strings.HasSuffix(o.operands, "[%d]") }

// arity is how many numbers the operands have.
func (o Op) arity() int { return strings.Count(o.operands, "%d") }

// encode is the instruction word for the given register numbers, destination
// first, and lane, and how it is written. It panics if they do not fit.
func (o Op) encode(numbers ...int) (word uint32, text string) {
	if len(numbers) != o.arity() {
		panic(fmt.Sprintf("arm64: %s takes %d numbers, not %v", o.name, o.arity(), numbers))
	}
	word = o.word
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = n
		if o.hasLane() && i == len(numbers)-1 {
			word |= laneBits(n)
		} else {
			word |= registerBits(i, n)
		}
	}
	return word, o.name + " " + fmt.Sprintf(o.operands, args...)
}

// registerBits is register n in the field of operand i: Rd, Rn or Rm.
func registerBits(i, n int) uint32 {
	if n < 0 || n > 31 {
		panic(fmt.Sprintf("arm64: there is no register %d", n))
	}
	return uint32(n) << [...]int{0, 5, 16}[i]
}

// laneBits is the number of a 32-bit lane in the fields H and L.
func laneBits(n int) uint32 {
	if n < 0 || n > 3 {
		panic(fmt.Sprintf("arm64: there is no lane %d", n))
	}
	return uint32(n>>1)<<11 | uint32(n&1)<<21
}
