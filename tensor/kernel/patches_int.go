package kernel

import "mixq/asm"

// patches gives the patches of some positions as rows of the given stride: the
// input itself where it already has that form and is long enough, else copies.
func (c *ConvU8) patches(codes, x []uint8, group int, pos Range) (a []uint8, lda int) {
	p := &c.groups[group]
	if c.pointwise() {
		end := (pos.Lo+p.rows(pos.Hi-pos.Lo)-1)*c.cin + p.lda()
		if end <= len(x) {
			return x[pos.Lo*c.cin:], c.cin
		}
	}
	lda = p.lda()
	for at := pos.Lo; at < pos.Hi; {
		end := min(pos.Hi, (at/c.ow+1)*c.ow) // of the row of positions
		c.patchRows(codes[(at-pos.Lo)*lda:], lda, x, group*c.cg, at/c.ow, Range{at % c.ow, at%c.ow + end - at})
		at = end
	}
	return codes, lda
}

// pointwise reports whether every patch is one pixel and every pixel a patch.
func (c *ConvU8) pointwise() bool {
	p := &c.p
	return p.KernelH == 1 && p.KernelW == 1 && p.StrideH == 1 && p.StrideW == 1 && p.Groups == 1 &&
		c.oh == c.h && c.ow == c.w
}

// patchRows copies the patches of output columns cols of output row oy, kernel
// row by kernel row. Only channels from first on belong to the group.
func (c *ConvU8) patchRows(dst []uint8, lda int, x []uint8, first, oy int, cols Range) {
	p := &c.p
	n := p.KernelW * c.cg
	// Columns [lo, hi) see no padding to the left and right.
	lo := min(max(ceilDiv(p.PadLeft, p.StrideW), cols.Lo), cols.Hi)
	hi := max(min((c.w-1+p.PadLeft-(p.KernelW-1)*p.DilationW)/p.StrideW+1, cols.Hi), lo)
	for i := range p.KernelH {
		d := dst[i*n:]
		y := oy*p.StrideH - p.PadTop + i*p.DilationH
		if y < 0 || y >= c.h {
			asm.CopyRowsU8(d, lda, c.pad, 0, cols.Hi-cols.Lo, n)
			continue
		}
		row := x[y*c.w*c.cin:][:c.w*c.cin]
		c.edges(d, lda, row, first, Range{cols.Lo, lo}, cols.Lo)
		c.edges(d, lda, row, first, Range{hi, cols.Hi}, cols.Lo)
		if lo == hi {
			continue
		}
		d, row = d[(lo-cols.Lo)*lda:], row[(lo*p.StrideW-p.PadLeft)*c.cin+first:]
		if p.DilationW == 1 && c.cg == c.cin {
			asm.CopyRowsU8(d, lda, row, p.StrideW*c.cin, hi-lo, n)
			continue
		}
		for k := range p.KernelW {
			asm.CopyRowsU8(d[k*c.cg:], lda, row[k*p.DilationW*c.cin:], p.StrideW*c.cin, hi-lo, c.cg)
		}
	}
}

// edges copies one kernel row of the patches of columns cols, of which some taps
// see padding; column origin is the one at dst[0].
func (c *ConvU8) edges(dst []uint8, lda int, row []uint8, first int, cols Range, origin int) {
	p := &c.p
	for j := cols.Lo; j < cols.Hi; j++ {
		left := j*p.StrideW - p.PadLeft
		px := dst[(j-origin)*lda:][:p.KernelW*c.cg]
		// Taps [lo, hi) see the image.
		lo := min(max(ceilDiv(-left, p.DilationW), 0), p.KernelW)
		hi := max(min(ceilDiv(c.w-left, p.DilationW), p.KernelW), lo)
		copy(px[:lo*c.cg], c.pad)
		copy(px[hi*c.cg:], c.pad)
		if p.DilationW == 1 && c.cg == c.cin && lo < hi {
			copy(px[lo*c.cg:hi*c.cg], row[(left+lo)*c.cin:])
			continue
		}
		for k := lo; k < hi; k++ {
			copy(px[k*c.cg:][:c.cg], row[(left+k*p.DilationW)*c.cin+first:])
		}
	}
}
