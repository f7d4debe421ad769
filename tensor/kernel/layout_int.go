package kernel

import (
	"encoding/binary"

	"mixq/asm"
)

// Images of codes are stored N,H,W,C; everything else is N,C,H,W. The functions
// here cross that border, one image at a time: c is the number of channels, the
// number of pixels follows from the length of dst.

// ToNHWC reorders an image of codes.
func ToNHWC(dst, src []uint8, c int) {
	hw := len(dst) / c
	for ch := range c {
		for i, v := range src[ch*hw:][:hw] {
			dst[i*c+ch] = v
		}
	}
}

// ToNCHW is the inverse of ToNHWC.
func ToNCHW(dst, src []uint8, c int) {
	hw := len(dst) / c
	for ch := range c {
		row := dst[ch*hw:][:hw]
		for i := range row {
			row[i] = src[i*c+ch]
		}
	}
}

// QuantizeNHWC writes the codes of the real image x [C,H,W].
func QuantizeNHWC(dst []uint8, x []float32, c int, g Grid) {
	hw := len(dst) / c
	for ch := range c {
		asm.QuantizeU8(dst[ch:], c, x[ch*hw:][:hw], g.Scale, uint8(g.Zero), uint8(g.Max))
	}
}

// DequantizeNCHW writes the real image [C,H,W] of the codes x.
func DequantizeNCHW(dst []float32, x []uint8, c int, g Grid) {
	hw := len(dst) / c
	for ch := range c {
		row := dst[ch*hw:][:hw]
		for i := range row {
			row[i] = g.Real(x[i*c+ch])
		}
	}
}

// LookupCodes replaces each byte of the image x [C,H,W] by an entry of its
// channel's table and reorders the image. A single table serves all channels.
func LookupCodes(dst, x []uint8, c int, table [][256]uint8) {
	hw := len(dst) / c
	if c == 3 {
		last := len(table) - 1
		lookupColours(dst, x[:hw], x[hw:][:hw], x[2*hw:][:hw], &table[0], &table[min(1, last)], &table[min(2, last)])
		return
	}
	for ch := range c {
		t := &table[min(ch, len(table)-1)]
		for i, v := range x[ch*hw:][:hw] {
			dst[i*c+ch] = t[v]
		}
	}
}

// lookupColours writes pixels of three channels, four at a time.
func lookupColours(dst, r, g, b []uint8, tr, tg, tb *[256]uint8) {
	g, b, dst = g[:len(r)], b[:len(r)], dst[:3*len(r)]
	for len(r) >= 4 {
		d, p, q, s := dst[:12], r[:4], g[:4], b[:4]
		d[0], d[1], d[2] = tr[p[0]], tg[q[0]], tb[s[0]]
		d[3], d[4], d[5] = tr[p[1]], tg[q[1]], tb[s[1]]
		d[6], d[7], d[8] = tr[p[2]], tg[q[2]], tb[s[2]]
		d[9], d[10], d[11] = tr[p[3]], tg[q[3]], tb[s[3]]
		dst, r, g, b = dst[12:], r[4:], g[4:], b[4:]
	}
	for i, v := range r {
		dst[3*i], dst[3*i+1], dst[3*i+2] = tr[v], tg[g[i]], tb[b[i]]
	}
}

// LookupReal is LookupCodes with real values, which keep their order.
func LookupReal(dst []float32, x []uint8, c int, table [][256]float32) {
	hw := len(dst) / c
	for ch := range c {
		t, row := &table[min(ch, len(table)-1)], dst[ch*hw:][:hw]
		for i, v := range x[ch*hw:][:hw] {
			row[i] = t[v]
		}
	}
}

// transposeCodes makes columns of rows: dst[j*rows+i] = src[i*cols+j].
func transposeCodes(dst, src []uint8, rows, cols int) {
	i := 0
	for ; i+4 <= rows; i += 4 { // the columns of four rows at a time
		a := src[i*cols:][:4*cols]
		b, c, d := a[cols:], a[2*cols:], a[3*cols:]
		a, b, c = a[:len(d)], b[:len(d)], c[:len(d)]
		at := i
		for j, v := range d {
			four := uint32(a[j]) | uint32(b[j])<<8 | uint32(c[j])<<16 | uint32(v)<<24
			binary.LittleEndian.PutUint32(dst[at:], four)
			at += rows
		}
	}
	for ; i < rows; i++ {
		for j, v := range src[i*cols:][:cols] {
			dst[j*rows+i] = v
		}
	}
}
