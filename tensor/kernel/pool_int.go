package kernel

import "mixq/asm"

// MaxPoolU8 is planned max pooling of one image x [H,W,C]: the largest code of
// each window that is not padding. It is immutable and safe for concurrent use.
type MaxPoolU8 struct{ windowsU8 }

// NewMaxPoolU8 plans the pooling of x.
func NewMaxPoolU8(p Pool2dParams, c, h, w int) *MaxPoolU8 {
	m := &MaxPoolU8{windowsU8{c: c}}
	newPooling(p, h, w).each(func(o int, r rect, _ int) { m.add(o, r, 0, w) })
	return m
}

// Run computes the given tiles of dst [OH,OW,C]. It allocates nothing.
func (m *MaxPoolU8) Run(dst, x []uint8, tiles Range) {
	for _, r := range m.runs[tiles.Lo:tiles.Hi] {
		asm.MaxTapsU8(dst[r.out*m.c:], x[min(r.at, len(x)):], m.kinds[r.kind].taps, r.count, r.step, m.c)
	}
}
