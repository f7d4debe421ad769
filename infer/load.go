package infer

import (
	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// load makes the step that brings input i of the graph into the arena.
func (c *compiler) load(v *nn.Value, i int) step {
	s := c.slots[v]
	switch {
	case !s.real:
		return loadCodes(s, i, c.codeTable(v), grid(v))
	case v.Type.Quant != nil:
		g := grid(v)
		return loadReal(s, i, c.realTable(v), &g)
	}
	return loadReal(s, i, c.g.Pixels, nil)
}

// loadReal copies real values, on the grid if there is one, or looks bytes up.
func loadReal(s *slot, i int, table nn.PixelTable, g *kernel.Grid) step {
	return eachImage(func(e *env, n int) {
		dst, in, at := e.real(s, n), e.in[i], (e.first+n)*s.size
		if in.DType() == tensor.Uint8 {
			kernel.LookupReal(dst, in.Uint8()[at:], s.c, table)
			return
		}
		copy(dst, in.Float32()[at:])
		if g != nil {
			kernel.RoundToGrid(dst, *g)
		}
	})
}

// loadCodes quantizes real values or looks bytes up, into N,H,W,C order.
func loadCodes(s *slot, i int, table [][256]uint8, g kernel.Grid) step {
	return eachImage(func(e *env, n int) {
		dst, in, at := e.code(s, n), e.in[i], (e.first+n)*s.size
		if in.DType() == tensor.Uint8 {
			kernel.LookupCodes(dst, in.Uint8()[at:], s.c, table)
			return
		}
		kernel.QuantizeNHWC(dst, in.Float32()[at:], s.c, g)
	})
}

// realTable gives the real value of each code of codeTable.
func (c *compiler) realTable(v *nn.Value) nn.PixelTable {
	codes, g := c.codeTable(v), grid(v)
	t := make(nn.PixelTable, len(codes))
	for ch := range t {
		kernel.Dequantize(t[ch][:], codes[ch][:], g)
	}
	return t
}

// codeTable gives the code of each byte of the quantized input v, per channel:
// of pixels if the graph has a table for them, else of codes, which are bounded
// by the grid.
func (c *compiler) codeTable(v *nn.Value) [][256]uint8 {
	g := grid(v)
	t := make([][256]uint8, max(len(c.g.Pixels), 1))
	for ch := range t {
		for b := range t[ch] {
			if len(c.g.Pixels) > 0 {
				t[ch][b] = g.Code(c.g.Pixels[ch][b])
			} else {
				t[ch][b] = uint8(min(int32(b), g.Max))
			}
		}
	}
	return t
}
