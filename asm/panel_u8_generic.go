package asm

import "encoding/binary"

// expandU8Generic is the definition of expandU8: it makes rows of weights, 64
// each, from planes of codes. Assembly makes whole units of rows, for which dst
// has room, and reads as much of the planes as those would take.
func expandU8Generic(dst, planes []byte, bits, rows int, zero *zerosU8) {
	clear(dst[:rows*rowU8])
	shift := 0
	for width := 4; width > 0; width /= 2 {
		if bits&width == 0 {
			continue
		}
		mask, per := uint64(1<<width-1)*ones, 8/width
		for r := range rows {
			src := planes[r/per*rowU8:][:rowU8]
			orRow(dst[r*rowU8:][:rowU8], src, r%per*width, mask, shift)
		}
		planes = planes[(rows+per-1)/per*rowU8:]
		shift += width
	}
	for r := range rows {
		subtractRow(dst[r*rowU8:][:rowU8], zero[r%2*rowU8:])
	}
}

// packPlaneU8Generic is the definition of packPlaneU8: it makes the rows of a plane
// of the bits [shift, shift+width) of rows of codes.
func packPlaneU8Generic(dst, codes []byte, shift, width int) {
	mask, all := uint64(1<<width-1)*ones, 8/width*rowU8
	for ; len(codes) > 0; dst, codes = dst[rowU8:], codes[min(all, len(codes)):] {
		for i := 0; i < rowU8; i += 8 {
			var v uint64
			for r, at := 0, i; at < min(all, len(codes)); r, at = r+width, at+rowU8 {
				v |= binary.LittleEndian.Uint64(codes[at:]) >> (shift & 63) & mask << (r & 63)
			}
			binary.LittleEndian.PutUint64(dst[i:], v)
		}
	}
}

// orRow adds the bits of a row of a plane to codes.
func orRow(codes, plane []byte, down int, mask uint64, up int) {
	for i := 0; i < rowU8; i += 8 {
		v := binary.LittleEndian.Uint64(codes[i:]) | binary.LittleEndian.Uint64(plane[i:])>>down&mask<<up
		binary.LittleEndian.PutUint64(codes[i:], v)
	}
}

// subtractRow takes zero points from codes, both below 128, so that no byte
// borrows from the next.
func subtractRow(codes, zero []byte) {
	const top = 0x80 * ones
	for i := 0; i < rowU8; i += 8 {
		v := binary.LittleEndian.Uint64(codes[i:])
		binary.LittleEndian.PutUint64(codes[i:], ((v|top)-binary.LittleEndian.Uint64(zero[i:]))^top)
	}
}

// widenU8Generic is the definition of widenU8: it makes weights of 16 bits, in
// little-endian order, of rows of bytes, the even k of every four before the odd:
//
//	dst[l/4][l%2][j][l%4/2] = src[l/4][j][l%4]
//
// The rows may be the last half of dst.
func widenU8Generic(dst, src []byte, rows int) {
	for r := range rows {
		var row [rowU8]byte
		copy(row[:], src[r*rowU8:])
		for i, v := range row {
			at := 2 * (r*rowU8 + i%2*rowU8/2 + i/4*2 + i%4/2)
			dst[at], dst[at+1] = v, uint8(int8(v)>>7)
		}
	}
}
