// Command panel_u8 writes panel_u8_amd64.s: packed weights become panels.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	expand(avx2)
	expand(avx512)
	pack()
	widen()
	Generate()
}

const (
	row  = 64 // bytes of a row of a panel or plane
	unit = 8  // rows that a step makes
)

// level is how an instruction set does what expansion needs: a row is so many
// vectors of the given bytes.
type level struct {
	name     string
	bytes    int
	vector   func() VecVirtual
	load     func(from, to Op)
	and      func(a, b, dst Op)
	orMasked func(a, mask, t, dst Op) // dst |= a & mask; t is free
}

var avx2 = level{"avx2", 32, YMM, func(from, to Op) { VMOVDQU(from, to) },
	func(a, b, dst Op) { VPAND(a, b, dst) },
	func(a, mask, t, dst Op) {
		VPAND(a, mask, t)
		VPOR(t, dst, dst)
	}}

var avx512 = level{"avx512", 64, ZMM, func(from, to Op) { VMOVDQU8(from, to) },
	func(a, b, dst Op) { VPANDD(a, b, dst) },
	func(a, mask, _, dst Op) { VPTERNLOGD(U8(0xf8), mask, a, dst) }}

// plane is a plane of codes: its width and place in a code, where it is and which
// bits of a byte it is to fill.
type plane struct {
	width, shift int
	at           Register
	mask         VecVirtual
}

// perByte is how many codes are in a byte.
func (p plane) perByte() int { return 8 / p.width }

// expand is a loop for every width.
func expand(l level) {
	TEXT("expandU8_"+l.name+"_asm", NOSPLIT, "func(dst, plane4, plane2, plane1, zero *byte, units, bits int)")
	Doc("expandU8_" + l.name + "_asm is expandU8 for units > 0 of eight rows of 2 to 7 bits.")
	dst := Load(Param("dst"), GP64())
	units := Load(Param("units"), GP64())
	bits := Load(Param("bits"), GP64())
	at := map[int]Register{}
	for _, width := range []int{4, 2, 1} {
		at[width] = Load(Param(fmt.Sprintf("plane%d", width)), GP64())
	}
	zero := Load(Param("zero"), GP64())
	zeros := make([]VecVirtual, 2*row/l.bytes) // of an even and an odd row
	for i := range zeros {
		zeros[i] = l.vector()
		l.load(Mem{Base: zero, Disp: i * l.bytes}, zeros[i])
	}
	for b := 2; b < 7; b++ {
		CMPQ(bits, U8(b))
		JEQ(LabelRef(fmt.Sprintf("bits%d", b)))
	}
	for b := 7; b >= 2; b-- {
		Label(fmt.Sprintf("bits%d", b))
		l.loop(b, dst, units, zeros, l.planes(b, at))
	}
}

// loop makes a unit of rows in a step, a column of vectors after the other.
// Every vector of a plane is loaded once and shifted for each of its codes.
func (l level) loop(bits int, dst, units Register, zeros []VecVirtual, planes []plane) {
	label := fmt.Sprintf("unit%d", bits)
	Label(label)
	columns := len(zeros) / 2
	for c := range columns {
		source := make([]VecVirtual, len(planes))
		for r := range unit {
			for i, p := range planes {
				if r%p.perByte() == 0 {
					source[i] = l.vector()
					l.load(Mem{Base: p.at, Disp: r/p.perByte()*row + c*l.bytes}, source[i])
				}
			}
			code := l.code(planes, source, r)
			VPSUBB(zeros[r%2*columns+c], code, code)
			l.load(code, Mem{Base: dst, Disp: r*row + c*l.bytes})
		}
	}
	for _, p := range planes {
		ADDQ(I32(unit*row/p.perByte()), p.at)
	}
	ADDQ(I32(unit*row), dst)
	DECQ(units)
	JNZ(LabelRef(label))
	VZEROUPPER()
	RET()
}

// planes are those of codes of the given bits; at has their places by width.
func (l level) planes(bits int, at map[int]Register) (ps []plane) {
	shift := 0
	for width := 4; width > 0; width /= 2 {
		if bits&width == 0 {
			continue
		}
		p := plane{width, shift, at[width], l.vector()}
		VPBROADCASTB(mask((1<<width-1)<<shift), p.mask)
		ps = append(ps, p)
		shift += width
	}
	return ps
}

var masks = map[int]Mem{}

// mask is a byte in memory.
func mask(bits int) Mem {
	m, ok := masks[bits]
	if !ok {
		m = GLOBL(fmt.Sprintf("panelMask%d", bits), RODATA|NOPTR)
		DATA(0, U8(bits))
		masks[bits] = m
	}
	return m
}

// code is row r of the codes that the planes make.
func (l level) code(planes []plane, source []VecVirtual, r int) VecVirtual {
	code := l.vector()
	for i, p := range planes {
		moved := l.move(source[i], r%p.perByte()*p.width-p.shift)
		if i == 0 {
			l.and(moved, p.mask, code)
		} else {
			l.orMasked(moved, p.mask, l.vector(), code)
		}
	}
	return code
}

// move shifts right, or left if by < 0.
func (l level) move(v VecVirtual, by int) VecVirtual {
	if by == 0 {
		return v
	}
	moved := l.vector()
	if by > 0 {
		VPSRLW(U8(by), v, moved)
	} else {
		VPSLLW(U8(-by), v, moved)
	}
	return moved
}

// pack is a loop for every width. It gathers the codes of a byte from the last,
// which it shifts up to make room for the one before.
func pack() {
	TEXT("packPlaneU8_avx2_asm", NOSPLIT, "func(dst, codes *byte, shift, width, rows int)")
	Doc("packPlaneU8_avx2_asm is packPlaneU8 for rows > 0 of which all codes are there.")
	dst := Load(Param("dst"), GP64())
	codes := Load(Param("codes"), GP64())
	width := Load(Param("width"), GP64())
	rows := Load(Param("rows"), GP64())
	shift := XMM()
	VMOVQ(Load(Param("shift"), GP64()), shift)
	for _, w := range []int{4, 2} {
		CMPQ(width, U8(w))
		JEQ(LabelRef(fmt.Sprintf("width%d", w)))
	}
	for _, w := range []int{1, 2, 4} {
		Label(fmt.Sprintf("width%d", w))
		bits, v, sum := YMM(), YMM(), YMM()
		VPBROADCASTB(mask(1<<w-1), bits)
		label := fmt.Sprintf("plane%d", w)
		Label(label)
		for c := 0; c < row; c += 32 {
			for r := 8/w - 1; r >= 0; r-- {
				VMOVDQU(Mem{Base: codes, Disp: r*row + c}, v)
				VPSRLW(shift, v, v)
				VPAND(bits, v, v)
				if r == 8/w-1 {
					VMOVDQA(v, sum)
					continue
				}
				VPSLLW(U8(w), sum, sum)
				VPOR(v, sum, sum)
			}
			VMOVDQU(sum, Mem{Base: dst, Disp: c})
		}
		ADDQ(I32(8/w*row), codes)
		ADDQ(U8(row), dst)
		DECQ(rows)
		JNZ(LabelRef(label))
		VZEROUPPER()
		RET()
	}
}

// widen sign-extends the even bytes of a row and then the odd ones.
func widen() {
	TEXT("widenU8_avx2_asm", NOSPLIT, "func(dst, src *byte, rows int)")
	Doc("widenU8_avx2_asm is widenU8; rows > 0.")
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	rows := Load(Param("rows"), GP64())
	v := []VecVirtual{YMM(), YMM()}
	even := YMM()

	Label("row")
	for i := range v {
		VMOVDQU(Mem{Base: src, Disp: 32 * i}, v[i])
	}
	for i := range v {
		VPSLLW(U8(8), v[i], even)
		VPSRAW(U8(8), even, even)
		VPSRAW(U8(8), v[i], v[i])
		VMOVDQU(even, Mem{Base: dst, Disp: 32 * i})
		VMOVDQU(v[i], Mem{Base: dst, Disp: 64 + 32*i})
	}
	ADDQ(I32(64), src)
	ADDQ(I32(128), dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
