package kernel

import "mixq/asm"

// runGroup computes tiles of one group; channel tiles vary fastest, so that
// they share the gathered patches.
func (c *ConvF32) runGroup(r *convRun, g int, tiles Range) {
	b, scratch := cut(r.scratch, c.block*c.posTile)
	sums, scratch := cut(scratch, c.sumTiles()*c.gemm.MR*c.gemm.NR)
	n := c.chTiles()
	first, last := tiles.Lo/n, (tiles.Hi-1)/n
	img := c.image(r.x, g, Range{first * c.posTile, min((last+1)*c.posTile, c.positions)}, scratch)
	for p := first; p <= last; p++ {
		t := convTile{group: g, pos: Range{p * c.posTile, min((p+1)*c.posTile, c.positions)}}
		t.ch.Lo = max(tiles.Lo-p*n, 0) * c.chTile
		t.ch.Hi = min(min(tiles.Hi-p*n, n)*c.chTile, c.cout)
		for l := 0; l < c.depth; l += c.block {
			t.depth = Range{l, min(l+c.block, c.depth)}
			taps := c.taps.At[t.depth.Lo:t.depth.Hi]
			for j := t.pos.Lo; j < t.pos.Hi; j += c.gemm.NR {
				gather(b[(j-t.pos.Lo)*len(taps):], img, taps, c.corners[j:][:c.gemm.NR])
			}
			c.multiply(r, t, b, sums)
		}
	}
}

// convTile is a block of the depth of some channels of a group at some
// positions.
type convTile struct {
	group          int
	ch, pos, depth Range
}

// multiply adds the product of the weights and the patches b to the sums. The
// last block goes to the output.
func (c *ConvF32) multiply(r *convRun, t convTile, b, sums []float32) {
	mr, nr, k := c.gemm.MR, c.gemm.NR, t.depth.Hi-t.depth.Lo
	a := c.panels(t.group)[c.packedSize(t.depth.Lo):]
	size := mr * nr
	s := sums[:size]
	for j := t.pos.Lo; j < t.pos.Hi; j += nr {
		bp := b[(j-t.pos.Lo)*k:][:k*nr]
		for i := t.ch.Lo; i < t.ch.Hi; i += mr {
			ap := a[i*k:][:k*mr]
			if len(sums) > size {
				s = sums[((j-t.pos.Lo)/nr*ceilDiv(c.cout, mr)+i/mr)*size:][:size]
			}
			if t.depth.Hi == c.depth {
				c.end(r, t, i, j, s, ap, bp)
			} else {
				c.gemm.Tile(s, ap, bp, k, t.depth.Lo == 0, asm.EndF32{})
			}
		}
	}
}

// end adds the last product to the sums of channel i and position j on and
// finishes the tile.
func (c *ConvF32) end(r *convRun, t convTile, i, j int, sums, a, b []float32) {
	mr, nr, k := min(c.gemm.MR, t.ch.Hi-i), min(c.gemm.NR, t.pos.Hi-j), t.depth.Hi-t.depth.Lo
	o := t.group*c.cout + i
	at := o*c.positions + j
	if mr < c.gemm.MR || nr < c.gemm.NR {
		c.gemm.Tile(sums, a, b, k, t.depth.Lo == 0, asm.EndF32{})
		for x := range mr {
			r.finish(sums[x*c.gemm.NR:], o+x, at+x*c.positions, at+x*c.positions+nr)
		}
		return
	}
	end := asm.EndF32{Dst: r.dst[at:], Stride: c.positions, Bias: r.bias[o:], Lo: r.act.Lo, Hi: r.act.Hi}
	if r.residual != nil {
		end.Res = r.residual[at:]
	}
	c.gemm.Tile(sums, a, b, k, t.depth.Lo == 0, end)
}
