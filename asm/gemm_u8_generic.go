package asm

import "mixq/internal/isa"

func newGemmU8Generic() GemmU8 {
	g := GemmU8{Name: "gemmU8S8_4x4c4_generic", Level: isa.Generic, MR: 4, NR: 4, KR: 4, Panels: 1, WBits: 8, WBytes: 1,
		layout: layoutU8{4, 4}}
	g.Run = g.byTile(gemmU8S8_4x4c4_generic)
	return g
}

// gemmU8S8_4x4c4_generic is the definition of GemmU8.Run on four rows and a
// panel of four.
func gemmU8S8_4x4c4_generic(c []int32, a []uint8, lda int, packed []byte, k int) {
	kpad := roundUp(k, 4)
	packed = packed[:4*kpad]
	for i := range 4 {
		x := a[i*lda : i*lda+kpad]
		var s [4]int32
		for l := 0; l+3 < len(x); l += 4 {
			x0, x1, x2, x3 := int32(x[l]), int32(x[l+1]), int32(x[l+2]), int32(x[l+3])
			w := packed[4*l : 4*l+16]
			s[0] += x0*int32(int8(w[0])) + x1*int32(int8(w[1])) + x2*int32(int8(w[2])) + x3*int32(int8(w[3]))
			s[1] += x0*int32(int8(w[4])) + x1*int32(int8(w[5])) + x2*int32(int8(w[6])) + x3*int32(int8(w[7]))
			s[2] += x0*int32(int8(w[8])) + x1*int32(int8(w[9])) + x2*int32(int8(w[10])) + x3*int32(int8(w[11]))
			s[3] += x0*int32(int8(w[12])) + x1*int32(int8(w[13])) + x2*int32(int8(w[14])) + x3*int32(int8(w[15]))
		}
		copy(c[4*i:4*i+4], s[:])
	}
}
