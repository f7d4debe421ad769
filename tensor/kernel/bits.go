package kernel

// PackedLen is the number of bytes of rows rows of cols codes of the given
// bit-width in canonical packed form.
func PackedLen(rows, cols, bits int) int { return rows * packedRow(cols, bits) }

// packedRow is ⌈cols·bits/8⌉, computed without forming cols·bits, which can
// leave an int on 32-bit machines.
func packedRow(cols, bits int) int { return cols/8*bits + (cols%8*bits+7)/8 }

// PackBits writes signed codes in canonical packed form: row by row, code j of
// a row in the bits [j·bits, (j+1)·bits) counted from the lowest bit of the
// first byte, in two's complement, the row padded with zero bits to a whole
// byte. Codes must be in [−2^(bits−1), 2^(bits−1)−1] and bits in 2..8;
// len(codes) is rows·cols. It panics if dst is shorter than PackedLen.
func PackBits(dst []byte, codes []int8, rows, cols, bits int) {
	size := packedRow(cols, bits)
	for r := range rows {
		packRow(dst[r*size:(r+1)*size], codes[r*cols:(r+1)*cols], uint(bits))
	}
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

// UnpackBits is the inverse of PackBits: it fills codes, of length rows·cols,
// from the packed bytes src. It ignores the padding of the rows.
func UnpackBits(codes []int8, src []byte, rows, cols, bits int) {
	size := packedRow(cols, bits)
	for r := range rows {
		unpackRow(codes[r*cols:(r+1)*cols], src[r*size:(r+1)*size], uint(bits))
	}
}

func unpackRow(codes []int8, src []byte, bits uint) {
	var acc uint32 // the low n bits are not yet used
	var n uint
	for j := range codes {
		for n < bits {
			acc |= uint32(src[0]) << n
			src = src[1:]
			n += 8
		}
		codes[j] = int8(acc<<(8-bits)) >> (8 - bits) // sign extension
		acc >>= bits
		n -= bits
	}
}
