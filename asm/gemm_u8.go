package asm

import "mixq/internal/isa"

//go:generate go run -C _asm ./arm64/gemm_u8 -out ../gemm_u8_arm64.s

// GemmU8 is a micro-kernel that multiplies rows of u8 activations by panels of
// NR rows of s8 weights into exact s32 sums, panel by panel. Run is
//
//	for p := range panels {
//		for i := range rows {
//			for j := range NR {
//				c[(p*rows+i)*NR+j] = 0
//				for l := range k {
//					c[(p*rows+i)*NR+j] += int32(a[i*lda+l]) * int32(w[(p*NR+j)*k+l])
//				}
//			}
//		}
//	}
//
// where w was packed by Pack and comes from Expand, and rows is a multiple of MR.
// It is exact if every weight is in [-2^(WBits-1), 2^(WBits-1)-1] and the sums fit
// in 32 bits.
//
// Pack lays n rows of weights out in ceil(n/NR) panels in the bits that they
// have, and Expand makes neighbouring ones panels of PanelBytes(k) bytes each,
// which Run takes. The inside of a panel is the affair of the kernel, which may
// keep more there than weights.
//
// Run reads k rounded up to KR bytes of each row of a; the bytes past k may hold
// anything. It panics if a has fewer than (rows-1)*lda+roundup(k, KR) bytes,
// packed fewer than panels*PanelBytes(k), c fewer than panels*rows*NR elements,
// if a number is negative, or if rows is no multiple of MR.
type GemmU8 struct {
	Name       string
	Level      isa.Level
	MR, NR, KR int
	Panels     int // how many a Run had better take at once
	WBits      int // the widest weights that the kernel is exact for
	WBytes     int // bytes that Run wants a weight to take
	Run        func(c []int32, a []uint8, lda, rows int, packed []byte, panels, k int)

	layout layoutU8 // of a panel of bytes, whose k are padded to a multiple of a group and of KR
	tail   int      // bytes of a panel after the weights: 4 for every channel, or none
}

// GemmU8For is the best integer micro-kernel for weights of the given bits at
// the current level. It panics if wbits is outside 1..8.
func GemmU8For(wbits int) GemmU8 {
	if wbits < 1 || wbits > 8 {
		panic(badBits)
	}
	level := isa.Current()
	best := gemmU8s[0]
	for _, g := range gemmU8s[1:] {
		if g.Level <= level && g.WBits >= wbits {
			best = g
		}
	}
	return best
}

// PanelBytes is the size of one panel of NR rows of k weights, as Run takes it.
func (g *GemmU8) PanelBytes(k int) int { return g.kpad(k)*g.NR*g.WBytes + g.tail }

// roundUp is the smallest multiple of m that is at least n.
func roundUp(n, m int) int { return (n + m - 1) / m * m }

// check panics unless the slices hold the operands of a Run.
func (g *GemmU8) check(c []int32, a []uint8, lda, rows int, packed []byte, panels, k int) {
	switch {
	case k < 0 || rows < 0 || panels < 0:
		panic(badSize)
	case rows%g.MR != 0:
		panic(badRows)
	case lda < 0:
		panic(badStride)
	case rows > 0 && len(a) < (rows-1)*lda+roundUp(k, g.KR):
		panic(shortA)
	case len(packed) < panels*g.PanelBytes(k):
		panic(shortB)
	case len(c) < panels*rows*g.NR:
		panic(shortC)
	}
}

// byTile makes a Run of a kernel for one panel and MR rows.
func (g GemmU8) byTile(kernel func(c []int32, a []uint8, lda int, packed []byte, k int)) func([]int32, []uint8, int, int, []byte, int, int) {
	return func(c []int32, a []uint8, lda, rows int, packed []byte, panels, k int) {
		g.check(c, a, lda, rows, packed, panels, k)
		size := g.PanelBytes(k)
		for p := range panels {
			for i := 0; i < rows; i += g.MR {
				kernel(c[(p*rows+i)*g.NR:], a[i*lda:], lda, packed[p*size:], k)
			}
		}
	}
}
