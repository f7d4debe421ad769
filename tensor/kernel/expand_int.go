package kernel

// convU8Ahead is the most memory for panels that are expanded before the first
// tile, so that it is done once: a part of the second-level cache. Larger layers
// have few tiles and expand panels when they come to them.
const convU8Ahead = 640 << 10

// expandedU8 gives the panels of a convolution in the form of multiply.
type expandedU8 struct {
	groups   []panelsU8
	scratch  []byte
	ahead    bool
	channels Range // that scratch holds of every group, if they are expanded ahead
}

// aheadBytes is the size of the scratch in which all panels are expanded.
func (c *ConvU8) aheadBytes() int {
	p := &c.groups[0]
	return len(c.groups) * p.ExpandBytes(p.count(c.og), p.k, p.bits)
}

// expand prepares for some tiles of so many images: ahead, if panels are needed
// more than once.
func (c *ConvU8) expand(scratch []byte, tiles Range, images int) expandedU8 {
	w := expandedU8{groups: c.groups, scratch: scratch, ahead: c.ahead && images*c.posTiles() > 1}
	if !w.ahead {
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
	return w.scratch[g*len(w.scratch)/len(w.groups):]
}

// panels are those of a block of channels of group g.
func (w *expandedU8) panels(g int, block Range) []byte {
	p := &w.groups[g]
	if !w.ahead || p.expandBytes() == 0 {
		return p.expand(w.scratch, block)
	}
	return w.group(g)[(block.Lo-w.channels.Lo)/p.NR*p.PanelBytes(p.k):]
}
