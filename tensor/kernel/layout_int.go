package kernel

import "mixq/asm"

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
	for ch := range c {
		t := &table[min(ch, len(table)-1)]
		for i, v := range x[ch*hw:][:hw] {
			dst[i*c+ch] = t[v]
		}
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
