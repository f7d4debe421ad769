package kernel

import (
	"slices"

	"mixq/asm"
)

// A map of few positions leaves much of the last panel of NR unused, and small
// rows are slow to gather. Then the sides of the product are swapped: positions
// take the rows of the micro-kernel and channels its columns. It reads the
// patches in the frame itself, a panel of weights serves all positions before
// the next, and the sums of its channels are transposed on their way out. Every
// sum is the same chain.

// swapPays reports whether the swapped product is likely to be faster, and picks
// its kernel.
func (c *ConvF32) swapPays() bool {
	// Positions whose sums stay in the second-level cache.
	const most = 1024
	if len(c.gemm.Patches) == 0 || c.positions > most {
		return false
	}
	// Loads take as long as two more rows.
	cost := func(p asm.PatchesF32) int { return ceilDiv(c.positions, p.Rows) * (p.Rows + 2) }
	c.patches = slices.MinFunc(c.gemm.Patches, func(a, b asm.PatchesF32) int { return cost(a) - cost(b) })

	// What it costs to transpose a sum and to gather an element of a patch, in
	// multiplications. Patches of one tap are long rows, and far apart.
	transpose, gather := 16, 8
	if c.depth == c.cin {
		gather = 0
	}
	nr, depth := c.gemm.NR, float64(c.depth)
	plain := float64(roundUp(c.cout, c.gemm.MR)+gather) * float64(roundUp(c.positions, nr)) * depth
	swapped := float64(roundUp(c.cout, nr)) * float64(roundUp(c.positions, c.patches.Rows)) * (depth + float64(transpose))
	return swapped < plain
}

// runSwapped computes channel tiles of one group at all positions.
func (c *ConvF32) runSwapped(r *convRun, g int, tiles Range) {
	rows, nr := c.patches.Rows, c.gemm.NR
	sums, scratch := cut(r.scratch, c.posTile*nr)
	planes, scratch := cut(scratch, c.posTile*nr)
	img := c.image(r.x, g, Range{0, c.positions}, scratch)
	weights := c.panels(g)
	for ch := tiles.Lo * c.chTile; ch < min(tiles.Hi*c.chTile, c.cout); ch += nr {
		for l := 0; l < c.depth; l += c.block {
			taps := c.taps.Cut(l, min(l+c.block, c.depth))
			b := weights[ch*c.depth+l*nr:]
			size := len(taps.At) * nr
			next := b[min(size, len(b)):] // weights, fetched a share at a time
			for i := 0; i < c.positions; i += rows {
				share := i / rows * 8 * len(taps.At) % size
				c.patches.Run(sums[i*nr:], img, taps, c.corners[i:], b, next[min(share, len(next)):], l == 0)
			}
		}
		n := min(nr, c.cout-ch)
		asm.TransposeF32(planes, c.positions, sums, nr, c.positions, n)
		for j := range n {
			o := g*c.cout + ch + j
			r.finish(planes[j*c.positions:], o, o*c.positions, (o+1)*c.positions)
		}
	}
}
