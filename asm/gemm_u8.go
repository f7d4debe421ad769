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
// where w was packed by Pack and rows is a multiple of MR. It is exact if every
// weight is in [-2^(WBits-1), 2^(WBits-1)-1] and the sums fit in 32 bits.
//
// Pack lays n rows of k weights, w[j*k+l], out in ceil(n/NR) panels of
// PanelBytes(k) bytes each, padded with zero weights; Run takes neighbouring
// ones. The inside of a panel is the affair of the kernel, which may keep more
// there than weights. Pack panics if w has fewer than n*k elements or dst fewer
// than PackedBytes(n, k).
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
	WBytes     int // bytes that a packed weight takes
	Pack       func(dst []byte, w []int8, n, k int)
	Run        func(c []int32, a []uint8, lda, rows int, packed []byte, panels, k int)

	panelK int // panels are padded with zero weights to a multiple of this; 0: KR
	tail   int // bytes of a panel after the weights
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

// PanelBytes is the size of one packed panel of NR rows of k weights.
func (g GemmU8) PanelBytes(k int) int {
	return roundUp(k, max(g.KR, g.panelK))*g.NR*g.WBytes + g.tail
}

// PackedBytes is the size of n packed rows of k weights.
func (g GemmU8) PackedBytes(n, k int) int { return (n + g.NR - 1) / g.NR * g.PanelBytes(k) }

// roundUp is the smallest multiple of m that is at least n.
func roundUp(n, m int) int { return (n + m - 1) / m * m }

// check panics unless the slices hold the operands of a Run.
func (g GemmU8) check(c []int32, a []uint8, lda, rows int, packed []byte, panels, k int) {
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

// packer returns a Pack function for the common layout of panels of bytes, k
// filled up to a multiple of kr,
//
//	packed[j/nr][l/4][j%nr][l%4] = w[j][l]
func packer(nr, kr int) func(dst []byte, w []int8, n, k int) {
	return func(dst []byte, w []int8, n, k int) {
		kpad := roundUp(k, kr)
		checkPack(dst, w, n, k, roundUp(n, nr)*kpad)
		clear(dst[:roundUp(n, nr)*kpad])
		for j := range n {
			first := j/nr*nr*kpad + j%nr*4
			for l, v := range w[j*k : (j+1)*k] {
				dst[first+l/4*nr*4+l%4] = uint8(v)
			}
		}
	}
}

// checkPack panics unless w holds n rows of k weights and dst size bytes.
func checkPack(dst []byte, w []int8, n, k, size int) {
	switch {
	case k < 0:
		panic(badSize)
	case len(w) < n*k:
		panic(shortW)
	case len(dst) < size:
		panic(shortDst)
	}
}
