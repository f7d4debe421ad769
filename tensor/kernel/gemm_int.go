package kernel

import "mixq/asm"

// panelsU8 are packed weights of n output channels with k inputs each, in the
// bits of their codes.
type panelsU8 struct {
	asm.GemmU8
	packed     []byte
	n, k, bits int
}

// newPanelsU8 packs rows [first, first+n) of w; order, if not nil, rearranges the
// codes of a row.
func newPanelsU8(w *weightsU8, first, n int, order func(dst, row []uint8)) panelsU8 {
	k := w.codes.Cols
	p := panelsU8{w.gemm, make([]byte, w.gemm.PackedBytes(n, k, w.codes.Bits)), n, k, w.codes.Bits}
	codes, row, scratch := make([]uint8, min(n, p.NR)*k), make([]uint8, k), make([]byte, p.PackScratch(k))
	stride := p.PackedPanel(k, p.bits)
	for j := 0; j < n; j += p.NR {
		rows := min(p.NR, n-j)
		for i := range rows {
			dst := codes[i*k : (i+1)*k]
			if order == nil {
				w.codes.row(dst, first+j+i)
				continue
			}
			w.codes.row(row, first+j+i)
			order(dst, row)
		}
		asm.SumRowsU8(w.sums[first+j:][:rows], codes, k, k)
		p.Pack(p.packed[j/p.NR*stride:], codes, w.subtract[first+j:][:rows], k, p.bits, scratch)
	}
	return p
}

// lda is the stride of rows that are gathered for Run.
func (p *panelsU8) lda() int { return roundUp(p.k, p.KR) }

// rows is the number of rows that Run reads and writes where n are wanted.
func (p *panelsU8) rows(n int) int { return roundUp(n, p.MR) }

// sums is how many sums a multiply of n rows writes.
func (p *panelsU8) sums(n int) int { return p.Panels * p.rows(n) * p.NR }

// count is the number of panels that hold so many channels.
func (p *panelsU8) count(channels int) int { return (channels + p.NR - 1) / p.NR }

// block is as many of the channels from lo to hi as a multiply had better take.
func (p *panelsU8) block(lo, hi int) Range { return Range{lo, min(hi, lo+p.Panels*p.NR)} }

// expandBytes is the scratch that expand needs for a block.
func (p *panelsU8) expandBytes() int { return p.ExpandBytes(p.Panels, p.k, p.bits) }

// expand gives the panels of some channels, of which the first begins a panel, in
// the form of Run. It may need scratch.
func (p *panelsU8) expand(scratch []byte, channels Range) []byte {
	packed := p.packed[channels.Lo/p.NR*p.PackedPanel(p.k, p.bits):]
	return p.Expand(scratch, packed, p.count(channels.Hi-channels.Lo), p.k, p.bits)
}

// multiply computes the sums of some expanded panels for rows(n) rows of a:
// acc[(q*rows(n)+i)*NR+c] for row i and channel c of panel q.
func (p *panelsU8) multiply(acc []int32, a []uint8, lda, n int, panels []byte, count int) {
	p.Run(acc, a, lda, p.rows(n), panels, count, p.k)
}
