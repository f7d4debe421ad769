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

// multiply computes the sums of the NR channels from j on for rows(n) rows of
// a: acc[i*NR+c] for row i and channel j+c.
func (p *panelsU8) multiply(acc []int32, a []uint8, lda, n, j int) {
	panel := p.packed[j/p.NR*p.PanelBytes(p.k):][:p.PanelBytes(p.k)]
	for i := 0; i < n; i += p.MR {
		p.Run(acc[i*p.NR:], a[i*lda:], lda, panel, p.k)
	}
}
