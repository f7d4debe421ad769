package infer

import (
	"cmp"
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// slot is the place of a value in one of the two arenas. All sizes are in
// elements of one image; image i of a value starts at offset·capacity + i·size,
// where capacity is the number of images that the arenas are made for.
type slot struct {
	real    bool // float32 in N,C,H,W order; else codes in N,H,W,C order
	size    int
	offset  int
	c, h, w int // h and w are 1 for vectors

	first, last int // when it is written first and read last (compiler.setLives)
}

// newSlot is the unplaced slot of a value of shape s, which starts with N.
func newSlot(s tensor.Shape, real bool) *slot {
	sl := &slot{real: real, size: s[1:].Elems(), c: s[1], h: 1, w: 1, first: -1}
	if len(s) == 4 {
		sl.h, sl.w = s[2], s[3]
	} else {
		sl.c = sl.size
	}
	return sl
}

// overlaps reports whether s and t are both needed at some time.
func (s *slot) overlaps(t *slot) bool { return s.first <= t.last && t.first <= s.last }

// ActivationBytes is the memory that the values of one image take when g runs in
// mode m: the arenas of a session with a batch of 1, without its scratch. It
// depends on the shapes and on which values are quantized, not on parameters,
// which may be without data. A code takes a byte whatever the bits of its grid.
func ActivationBytes(g *nn.Graph, m Mode) (int64, error) {
	if err := g.Validate(); err != nil {
		return 0, err
	}
	reals, codes := newCompiler(g, Options{Mode: m}).place()
	return 4*int64(reals) + int64(codes), nil
}

// place gives offsets to all slots and returns the sizes of the arenas for one
// image.
func (c *compiler) place() (realSize, codeSize int) {
	var reals, codes []*slot
	for _, s := range c.all {
		if s.real {
			reals = append(reals, s)
		} else {
			codes = append(codes, s)
		}
	}
	return place(reals), place(codes)
}

// place gives offsets to slots of one arena so that no two that are needed at
// the same time share memory, and returns the size of the arena for one image.
// Large slots go first, each as low as it fits.
func place(slots []*slot) int {
	order := slices.Clone(slots)
	slices.SortStableFunc(order, func(a, b *slot) int { return cmp.Compare(b.size, a.size) })
	size := 0
	for i, s := range order {
		s.offset = lowest(s, order[:i])
		size = max(size, s.offset+s.size)
	}
	return size
}

// lowest is the lowest offset at which s does not collide with placed slots.
func lowest(s *slot, placed []*slot) int {
	var busy []*slot
	for _, p := range placed {
		if p.overlaps(s) {
			busy = append(busy, p)
		}
	}
	slices.SortFunc(busy, func(a, b *slot) int { return cmp.Compare(a.offset, b.offset) })
	at := 0
	for _, p := range busy {
		if at+s.size <= p.offset {
			break
		}
		at = max(at, p.offset+p.size)
	}
	return at
}
