package kernel

import "mixq/asm"

// LinearU8 is a planned integer linear layer, rows x [N,I] of codes in and rows
// [N,O] of codes or real values out (see LayerU8). It is immutable and safe for
// concurrent use.
type LinearU8 struct {
	in, out int
	panels  panelsU8
	stage   stage
}

// NewLinearU8 plans a layer with l.Weight [O,I] (I = in, O = out). It packs the
// weights for the current level. The error is an OverflowError or a ScaleError.
func NewLinearU8(in, out int, l LayerU8) (*LinearU8, error) {
	w := l.weights()
	p := newPanelsU8(&w, 0, out, nil)
	s, err := newStage(&l, &w)
	return &LinearU8{in, out, p, s}, err
}

// WeightBytes is the memory that the packed weights take.
func (l *LinearU8) WeightBytes() int64 { return int64(len(l.panels.packed)) }

// Scratch is the scratch that a Run needs.
func (l *LinearU8) Scratch() (codes, sums int) {
	p := &l.panels
	return p.rows(linearRows)*p.lda() + p.expandBytes(), p.sums(linearRows) + linearRows
}

// Tiles is the number of parts of a row that can be computed by themselves.
func (l *LinearU8) Tiles() int { return ceilDiv(l.out, l.panels.Panels*l.panels.NR) }

// Run computes the given tiles of the given rows of dst. It allocates nothing.
func (l *LinearU8) Run(dst, x []uint8, rows, tiles Range, codes []uint8, sums []int32) {
	l.each(x, rows, tiles, codes, sums, func(r Range, first, cols int, acc, rowSums []int32) {
		l.stage.codes(dst[r.Lo*l.out+first:], l.out, acc, l.panels.NR, r.Hi-r.Lo, cols, first, rowSums, nil)
	})
}

// RunReal is Run for a layer with real outputs.
func (l *LinearU8) RunReal(dst []float32, x []uint8, rows, tiles Range, codes []uint8, sums []int32) {
	l.each(x, rows, tiles, codes, sums, func(r Range, first, cols int, acc, rowSums []int32) {
		l.stage.reals(dst[r.Lo*l.out+first:], l.out, 1, acc, l.panels.NR, r.Hi-r.Lo, cols, first, rowSums)
	})
}

// each computes the sums of tiles of rows and hands them to finish in blocks.
func (l *LinearU8) each(x []uint8, rows, tiles Range, codes []uint8, sums []int32,
	finish func(r Range, first, cols int, acc, rowSums []int32)) {
	p := &l.panels
	lda := p.lda()
	codes, scratch := codes[:p.rows(linearRows)*lda], codes[p.rows(linearRows)*lda:]
	for r := rows.Lo; r < rows.Hi; r += linearRows {
		n := min(linearRows, rows.Hi-r)
		acc, rowSums := sums[:p.sums(n)], sums[p.sums(n):]
		asm.CopyRowsU8(codes, lda, x[r*l.in:], l.in, n, l.in)
		if l.stage.wzero != nil {
			asm.SumRowsU8(rowSums[:n], codes, lda, l.in)
		}
		for t := tiles.Lo; t < tiles.Hi; t++ {
			j := t * p.Panels * p.NR
			block := p.block(j, l.out)
			p.multiply(acc, codes, lda, n, p.expand(scratch, block), p.count(block.Hi-j))
			for q := j; q < block.Hi; q += p.NR {
				finish(Range{r, r + n}, q, min(p.NR, l.out-q), acc[(q-j)*p.rows(n):], rowSums)
			}
		}
	}
}
