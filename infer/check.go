package infer

import (
	"fmt"
	"math"
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// maxArena is the most memory in bytes that a session may take for activations,
// so that a file of a few bytes cannot ask for all there is. Sizes below it fit
// an int.
const maxArena = min(1<<35, math.MaxInt/2)

// check finds what makes a graph impossible to run, other than single layers.
func check(g *nn.Graph, m Mode) error {
	if err := g.Validate(); err != nil {
		return err
	}
	acts := slices.Clone(g.Inputs)
	for _, n := range g.Nodes {
		acts = append(acts, n.Out...)
	}
	var elems int64
	for _, v := range acts {
		if err := checkValue(v, m); err != nil {
			return err
		}
		elems += int64(v.Type.Shape.Elems())
		if elems > maxArena/4 {
			return fmt.Errorf("infer: %s: the values up to %s have %d elements, which is too large to run", g.Name, v.Name, elems)
		}
	}
	for _, v := range g.Params() {
		switch {
		case v.Data == nil:
			return fmt.Errorf("infer: parameter %s has no data: bind weights to the network first", v.Name)
		case m == Float && v.Type.DType != tensor.Float32:
			return fmt.Errorf("infer: parameter %s is quantized: run this network in integer or simulate mode", v.Name)
		}
	}
	for _, v := range g.Outputs {
		if !slices.Contains(acts, v) {
			return fmt.Errorf("infer: output %s is a parameter", v.Name)
		}
	}
	return checkPixels(g)
}

// The scales of activations are so far from the limits of float32 that the
// ratio of two of them is finite.
const (
	minScale = 0x1p-60
	maxScale = 0x1p60
)

// checkValue checks an activation.
func checkValue(v *nn.Value, m Mode) error {
	t := v.Type
	switch {
	case len(t.Shape) != 2 && len(t.Shape) != 4:
		return fmt.Errorf("infer: %s is %v, want N,C,H,W or N,C", v.Name, t.Shape)
	case t.Shape[0] != 1:
		return fmt.Errorf("infer: %s is %v; compile a graph for one image and set Options.Batch", v.Name, t.Shape)
	case t.Quant == nil && t.DType != tensor.Float32:
		return fmt.Errorf("infer: %s is %v; activations are float32 or have a scale and zero point", v.Name, t.DType)
	case t.Quant != nil && (t.DType != tensor.Uint8 || len(t.Quant.Scale) != 1):
		return fmt.Errorf("infer: %s is %v with %d scales; quantized activations are uint8 with one scale", v.Name, t.DType, len(t.Quant.Scale))
	case t.Quant != nil && (t.Quant.Scale[0] < minScale || t.Quant.Scale[0] > maxScale):
		return fmt.Errorf("infer: %s has scale %v, want %v to %v", v.Name, t.Quant.Scale[0], minScale, maxScale)
	case t.Quant != nil && m == Float:
		return fmt.Errorf("infer: %s is quantized: run this network in integer or simulate mode", v.Name)
	}
	return nil
}

func checkPixels(g *nn.Graph) error {
	if len(g.Pixels) == 0 {
		return nil
	}
	if len(g.Inputs) != 1 || len(g.Inputs[0].Type.Shape) != 4 || g.Inputs[0].Type.Shape[1] != len(g.Pixels) {
		return fmt.Errorf("infer: %s: a pixel table of %d channels does not fit the inputs", g.Name, len(g.Pixels))
	}
	return nil
}
