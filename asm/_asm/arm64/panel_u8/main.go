// Command panel_u8 writes panel_u8_arm64.s: packed weights become panels.
package main

import (
	"fmt"

	"mixq/asm/_asm/arm64"
)

func main() { arm64.Main(expand) }

const (
	row    = 64 // bytes of a row of a panel or plane
	unit   = 8  // rows that a step makes
	vector = 16 // bytes
)

// Registers: vectors of the planes of width 4, 2 and 1 and their masks, two for
// the row that is made, and eight for the zero points of an even and an odd row.
const (
	source = 0
	mask   = 4
	moved  = 16
	zeros  = 24
)

// plane is a plane of codes: its width and place in a code, the general register
// that says where it is, and its number.
type plane struct{ width, shift, at, index int }

// perByte is how many codes are in a byte.
func (p plane) perByte() int { return 8 / p.width }

// expand is a loop for every width.
func expand(f *arm64.File) {
	frame := f.Func(arm64.NEON, "expandU8", "(dst, plane4, plane2, plane1, zero *byte, units, bits int)",
		"expandU8 of units > 0 of eight rows of 2 to 7 bits.",
		"R0-R3: where dst and the planes are; R5: units left; V0-V2: planes; V4-V6: masks;",
		"V16-V17: a row; V24-V31: zero points of an even and an odd row.")
	f.Load(frame, "dst", "plane4", "plane2", "plane1", "zero", "units", "bits")
	for i := range 2 * row / vector {
		f.Go("FMOVQ %d(R4), F%d", i*vector, zeros+i)
	}
	for bits := 2; bits < 8; bits++ {
		f.Go("CMP $%d, R6", bits)
		f.Go("BEQ bits%d", bits)
	}
	for bits := 2; bits < 8; bits++ {
		f.Label(fmt.Sprintf("bits%d", bits))
		loop(f, bits, planes(f, bits))
	}
}

// planes are those of codes of the given bits.
func planes(f *arm64.File, bits int) (ps []plane) {
	shift := 0
	for i, width := range []int{4, 2, 1} {
		if bits&width == 0 {
			continue
		}
		ps = append(ps, plane{width, shift, 1 + i, i})
		f.Go("VMOVI $%d, V%d.B16", (1<<width-1)<<shift, mask+i)
		shift += width
	}
	return ps
}

// loop makes a unit of rows in a step, a column of vectors after the other.
// Every vector of a plane is loaded once and shifted for each of its codes.
func loop(f *arm64.File, bits int, planes []plane) {
	label := fmt.Sprintf("unit%d", bits)
	f.Label(label)
	for c := range row / vector {
		for r := range unit {
			for _, p := range planes {
				if r%p.perByte() == 0 {
					f.Go("FMOVQ %d(R%d), F%d", r/p.perByte()*row+c*vector, p.at, source+p.index)
				}
			}
			code(f, planes, r)
			f.Go("VSUB V%d.B16, V%d.B16, V%d.B16", zeros+r%2*row/vector+c, moved, moved)
			f.Go("FMOVQ F%d, %d(R0)", moved, r*row+c*vector)
		}
	}
	for _, p := range planes {
		f.Go("ADD $%d, R%d", unit*row/p.perByte(), p.at)
	}
	f.Go("ADD $%d, R0", unit*row)
	f.Go("SUBS $1, R5")
	f.Go("BNE %s", label)
	f.Go("RET")
}

// code makes row r of the codes of the planes.
func code(f *arm64.File, planes []plane, r int) {
	for i, p := range planes {
		to, from := moved+min(i, 1), source+p.index
		switch by := r%p.perByte()*p.width - p.shift; {
		case by > 0:
			f.Go("VUSHR $%d, V%d.B16, V%d.B16", by, from, to)
			from = to
		case by < 0:
			f.Go("VSHL $%d, V%d.B16, V%d.B16", -by, from, to)
			from = to
		}
		f.Go("VAND V%d.B16, V%d.B16, V%d.B16", mask+p.index, from, to)
		if i > 0 {
			f.Go("VORR V%d.B16, V%d.B16, V%d.B16", to, moved, moved)
		}
	}
}
