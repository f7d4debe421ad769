// Package amx adds the instructions of AMX, which neither the Go assembler nor
// avo knows, to the function that avo is building. They are written as data with
// their meaning above them.
//
// Operands are in the order of the Go assembler, destination last. Encodings
// are from the Intel 64 and IA-32 Architectures Software Developer's Manual,
// volume 2, where all of these are VEX.128.0F38.W0.
package amx

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Tile is the number of a tile register.
type Tile int

// GP is a general register; the allocator of avo does not see it here.
type GP = reg.GPPhysical

// LoadConfig sets the shapes of all tiles from the 64 bytes at base and clears
// them.
func LoadConfig(base GP) { emit(loadConfig(base)) }

// Release returns the tiles to their initial state, in which the system need
// not save them.
func Release() { emit(release()) }

// Zero clears a tile.
func Zero(t Tile) { emit(zero(t)) }

// Load reads the rows of a tile, a stride in bytes apart.
func Load(base, stride GP, t Tile) { emit(load(base, stride, t)) }

// Store writes the rows of a tile, a stride in bytes apart.
func Store(t Tile, base, stride GP) { emit(store(t, base, stride)) }

// DotU8S8 adds to sum[i][j] the products of the bytes a[i][4*l+m], unsigned,
// and b[l][4*j+m], signed.
func DotU8S8(b, a, sum Tile) { emit(dotU8S8(b, a, sum)) }

// instruction is the encoding of an instruction and how assemblers write it.
type instruction struct {
	bytes []byte
	text  string
}

// The mandatory prefixes of VEX.
const (
	none = iota
	p66
	pF3
	pF2
)

func loadConfig(base GP) instruction {
	checkBase(base)
	return instruction{vex(none, 0x49, 0, 0, 0, number(base), 0), fmt.Sprintf("ldtilecfg (%s)", name(base))}
}

func release() instruction {
	return instruction{vex(none, 0x49, 0, 0, 0, 0, 0xc0), "tilerelease"}
}

func zero(t Tile) instruction {
	return instruction{vex(pF2, 0x49, t.number(), 0, 0, 0, 0xc0), fmt.Sprintf("tilezero %v", t)}
}

func load(base, stride GP, t Tile) instruction {
	return instruction{rows(pF2, base, stride, t), fmt.Sprintf("tileloadd %s, %v", indexed(base, stride), t)}
}

func store(t Tile, base, stride GP) instruction {
	return instruction{rows(pF3, base, stride, t), fmt.Sprintf("tilestored %v, %s", t, indexed(base, stride))}
}

func dotU8S8(b, a, sum Tile) instruction {
	return instruction{vex(p66, 0x5e, sum.number(), b.number(), 0, a.number(), 0xc0),
		fmt.Sprintf("tdpbusd %v, %v, %v", b, a, sum)}
}

// rows encodes an access to the rows of a tile: a SIB byte with base and stride
// follows.
func rows(prefix byte, base, stride GP, t Tile) []byte {
	checkBase(base)
	code := vex(prefix, 0x4b, t.number(), 0, number(stride), number(base), 0)
	code[4] = code[4]&^7 | 4
	return append(code, number(stride)&7<<3|number(base)&7)
}

// vex encodes an instruction with register r, second source v, index x and base
// or register b; mod is the ModRM byte without r and b.
func vex(prefix, opcode, r, v, x, b, mod byte) []byte {
	return []byte{
		0xc4,
		^(r>>3<<7|x>>3<<6|b>>3<<5)&0xe0 | 2,
		^v&15<<3 | prefix,
		opcode,
		mod | r&7<<3 | b&7,
	}
}

// checkBase panics for the registers that need another form of address as base.
func checkBase(base GP) {
	if n := number(base) & 7; n == 4 || n == 5 {
		panic("amx: " + base.Asm() + " cannot be the base of an address")
	}
}

// number is the number of a register in encodings.
func number(r GP) byte { return byte(r.PhysicalIndex()) }

// number is the number of a tile in encodings. It panics if there is no such tile.
func (t Tile) number() byte {
	if t < 0 || t > 7 {
		panic(fmt.Sprintf("amx: there is no tile %d", int(t)))
	}
	return byte(t)
}

func (t Tile) String() string { return fmt.Sprintf("%%tmm%d", int(t)) }

// name is a register as assemblers write it.
func name(r GP) string {
	s := strings.ToLower(r.Asm())
	if s[0] != 'r' {
		s = "r" + s
	}
	return "%" + s
}

func indexed(base, stride GP) string { return fmt.Sprintf("(%s,%s)", name(base), name(stride)) }

// emit adds an instruction as a comment and four and one or two bytes of data.
func emit(i instruction) {
	build.Comment(i.text)
	data("LONG", operand.U32(binary.LittleEndian.Uint32(i.bytes)))
	if rest := i.bytes[4:]; len(rest) == 1 {
		data("BYTE", operand.U8(rest[0]))
	} else {
		data("WORD", operand.U16(binary.LittleEndian.Uint16(rest)))
	}
}

func data(directive string, value operand.Op) {
	build.Instruction(&ir.Instruction{Opcode: directive, Operands: []operand.Op{value}, ISA: []string{"AMX-INT8", "AMX-TILE"}})
}
