package kernel

import "encoding/binary"

// PackedCodes are rows of signed codes of 2 to 8 bits in canonical packed form:
// row by row, code j of a row in the bits [j·Bits, (j+1)·Bits) counted from the
// lowest bit of the first byte, in two's complement, each row padded to a whole
// byte. Data has at least PackedLen(Rows, Cols, Bits) bytes.
type PackedCodes struct {
	Data             []byte
	Rows, Cols, Bits int
}

// PackedLen is the number of bytes of rows rows of cols codes of the given
// bit-width in canonical packed form.
func PackedLen(rows, cols, bits int) int { return rows * packedRow(cols, bits) }

// packedRow is ⌈cols·bits/8⌉, computed without forming cols·bits, which can
// leave an int on 32-bit machines.
func packedRow(cols, bits int) int { return cols/8*bits + (cols%8*bits+7)/8 }

// Pack packs rows of codes, whose bits must be in 2..8 and whose values in
// [−2^(bits−1), 2^(bits−1)−1]. The padding of the rows is zero.
func Pack(codes []int8, rows, cols, bits int) PackedCodes {
	p := PackedCodes{make([]byte, PackedLen(rows, cols, bits)), rows, cols, bits}
	size := packedRow(cols, bits)
	for r := range rows {
		packRow(p.Data[r*size:(r+1)*size], codes[r*cols:(r+1)*cols], uint(bits))
	}
	return p
}

func packRow(dst []byte, codes []int8, bits uint) {
	mask := uint32(1)<<bits - 1
	var acc uint32 // the low n bits are not yet written
	var n uint
	for _, c := range codes {
		acc |= uint32(c) & mask << n
		n += bits
		for n >= 8 {
			dst[0], dst = byte(acc), dst[1:]
			acc >>= 8
			n -= 8
		}
	}
	if n > 0 {
		dst[0] = byte(acc)
	}
}

// Unpack is the inverse of Pack: it fills codes, of length Rows·Cols. It ignores
// the padding of the rows.
func (p PackedCodes) Unpack(codes []int8) {
	row := make([]uint8, p.Cols)
	for r := range p.Rows {
		p.row(row, r)
		for j, u := range row {
			codes[r*p.Cols+j] = int8(int(u) - p.bias())
		}
	}
}

// bias is what row adds to codes to make them positive.
func (p PackedCodes) bias() int { return 1 << (p.Bits - 1) }

// row unpacks row r into dst, of length Cols, as codes from 0 up.
func (p PackedCodes) row(dst []uint8, r int) {
	src := p.Data[r*packedRow(p.Cols, p.Bits):]
	s := newSpread(uint(p.Bits))
	for ; len(dst) >= 8 && len(src) >= 8; dst, src = dst[8:], src[p.Bits:] {
		binary.LittleEndian.PutUint64(dst, s.bytes(binary.LittleEndian.Uint64(src)))
	}
	for len(dst) > 0 { // near the end of Data
		var last [8]byte
		copy(last[:], src)
		var eight [8]byte
		binary.LittleEndian.PutUint64(eight[:], s.bytes(binary.LittleEndian.Uint64(last[:])))
		dst = dst[copy(dst, eight[:]):]
		src = src[min(len(src), p.Bits):]
	}
}

// spread moves eight fields of bits each to the eight bytes of a word: it halves
// the distance that is left three times.
type spread struct {
	bits       uint
	four       uint64 // the low half of the fields of a word,
	two, one   uint64 // of each half of a word, of each quarter
	complement uint64 // turns two's complement into codes from 0 up
}

func newSpread(bits uint) spread {
	mask := func(fields uint) uint64 { return 1<<(fields*bits) - 1 }
	return spread{bits, mask(4), mask(2) * (1<<32 + 1), mask(1) * 0x0001_0001_0001_0001,
		1 << (bits - 1) * 0x0101_0101_0101_0101}
}

func (s spread) bytes(x uint64) uint64 {
	x = x&s.four | x>>(4*s.bits)&s.four<<32
	x = x&s.two | x>>(2*s.bits)&s.two<<16
	x = x&s.one | x>>s.bits&s.one<<8
	return x ^ s.complement
}
