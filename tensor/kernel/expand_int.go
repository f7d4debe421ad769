package kernel

// convU8Ahead is the most memory for panels that are expanded before the first
// tile, so that it is done once: a part of the second-level cache. Larger layers
// have few tiles and expand a panel when they come to it.
const convU8Ahead = 640 << 10

// expandedU8 gives the panels of a convolution in the form of Run.
type expandedU8 struct {
	c        *ConvU8
	scratch  []byte
	channels Range // that scratch holds of every group, if they are expanded ahead
}

// aheadBytes is the size of the scratch in which all panels are expanded.
func (c *ConvU8) aheadBytes() int {
	p := &c.groups[0]
	return len(c.groups) * p.ExpandBytes(p.count(c.og), p.k, p.bits)
}

// expand prepares for some tiles; its memory comes after that of the patches.
func (c *ConvU8) expand(codes []uint8, tiles Range) expandedU8 {
	p := &c.groups[0]
	w := expandedU8{c: c, scratch: codes[p.rows(c.tile)*p.lda():]}
	if !c.ahead {
		return w
	}
	w.channels = Range{0, c.og}
	if first := tiles.Lo / c.split * c.split; tiles.Hi <= first+c.split {
		w.channels = c.channels(tiles.Lo-first, tiles.Hi-first)
	}
	for g := range c.groups {
		c.groups[g].expand(w.group(g), w.channels)
	}
	return w
}

// group is the scratch of a group.
func (w *expandedU8) group(g int) []byte {
	return w.scratch[g*len(w.scratch)/len(w.c.groups):]
}

// panels are those of a block of channels of group g.
func (w *expandedU8) panels(g int, block Range) []byte {
	p := &w.c.groups[g]
	if !w.c.ahead {
		return p.expand(w.scratch, block)
	}
	return w.group(g)[(block.Lo-w.channels.Lo)/p.NR*p.PanelBytes(p.k):]
}
