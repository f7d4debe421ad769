package kernel

import "mixq/asm"

// panelsU8 are packed weights of n output channels with k inputs each.
type panelsU8 struct {
	asm.GemmU8
	packed []byte
	n, k   int
}

func newPanelsU8(g asm.GemmU8, w []int8, n, k int) panelsU8 {
	p := panelsU8{g, make([]byte, g.PackedBytes(n, k)), n, k}
	g.Pack(p.packed, w, n, k)
	return p
}

// lda is the stride of rows that are gathered for Run.
func (p *panelsU8) lda() int { return roundUp(p.k, p.KR) }

// rows is the number of rows that Run reads and writes where n are wanted.
func (p *panelsU8) rows(n int) int { return roundUp(n, p.MR) }

// sums is how many sums a multiply of n rows writes.
func (p *panelsU8) sums(n int) int { return p.Panels * p.rows(n) * p.NR }

// multiply computes the sums of up to Panels panels, those of the channels from
// j to end, for rows(n) rows of a: acc[(q*rows(n)+i)*NR+c] for row i and channel
// j+q*NR+c.
func (p *panelsU8) multiply(acc []int32, a []uint8, lda, n, j, end int) {
	size := p.PanelBytes(p.k)
	panels := (min(end, j+p.Panels*p.NR) - j + p.NR - 1) / p.NR
	p.Run(acc, a, lda, p.rows(n), p.packed[j/p.NR*size:], panels, p.k)
}
