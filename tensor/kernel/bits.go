package kernel

import "mixq/asm"

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
	asm.UnpackU8(dst, p.Data[r*packedRow(p.Cols, p.Bits):], p.Bits)
}
