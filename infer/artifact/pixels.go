package artifact

import (
	"fmt"

	"mixq/nn"
	"mixq/tensor/kernel"
)

// If the input of a graph with a pixel table is quantized, the file holds the
// code of each pixel byte instead of its real value: a quarter of the bytes,
// and the exact start of integer inference (NUMERICS.md 13). The table comes
// back as the real values of those codes.

// pixelGrid is the grid of the codes of a table that is stored as codes.
func pixelGrid(g *nn.Graph) kernel.Grid {
	q := g.Inputs[0].Type.Quant
	_, hi := nn.UnsignedRange(q.Bits)
	return kernel.Grid{Scale: q.Scale[0], Zero: q.Zero[0], Max: hi}
}

// checkPixels makes sure that a table of that many channels fits the graph.
func checkPixels(g *nn.Graph, channels int) error {
	if channels == 0 {
		return nil
	}
	if len(g.Inputs) != 1 {
		return fmt.Errorf("a pixel table for a network with %d inputs, want 1", len(g.Inputs))
	}
	t := g.Inputs[0].Type
	if len(t.Shape) != 4 || t.Shape[1] != channels {
		return fmt.Errorf("a pixel table of %d channels for an input of %v", channels, t.Shape)
	}
	if n := gridLen(t); n > 1 {
		return fmt.Errorf("input %s has %d scales, want one", g.Inputs[0].Name, n)
	}
	return nil
}

func pixelExtent(g *nn.Graph, channels int) extent {
	n := 256 * int64(channels)
	switch {
	case channels == 0:
		return extent{}
	case g.Inputs[0].Type.Quant != nil:
		return extent{bytes: n}
	}
	return extent{words: n}
}

// appendPixelWords appends the table if it is stored as real values.
func appendPixelWords(b []byte, g *nn.Graph) []byte {
	if pixelExtent(g, len(g.Pixels)).words == 0 {
		return b
	}
	for i := range g.Pixels {
		b = appendFloats(b, g.Pixels[i][:])
	}
	return b
}

// appendPixelBytes appends the table if it is stored as codes.
func appendPixelBytes(b []byte, g *nn.Graph) []byte {
	if pixelExtent(g, len(g.Pixels)).bytes == 0 {
		return b
	}
	grid := pixelGrid(g)
	for i := range g.Pixels {
		for _, x := range g.Pixels[i] {
			b = append(b, grid.Code(x))
		}
	}
	return b
}
