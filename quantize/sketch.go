package quantize

import (
	"math"
	"slices"

	"mixq/nn"
	"mixq/nn/rewrite"
	"mixq/tensor"
)

// Sketch is the network that Run would write for the trained network g, with
// the given bits in each layer and made-up codes and grids: it runs as long as
// the real one and computes nonsense. A network that is quantized already keeps
// everything but its weights.
func Sketch(g *nn.Graph, bits func(layer string) uint8) (*nn.Graph, error) {
	var q *nn.Graph
	if isQuantized(g) {
		q = g.Clone()
	} else {
		deployed, err := rewrite.Run(g, rewrite.Quantizable()...)
		if err != nil {
			return nil, err
		}
		if q, err = skeleton(deployed); err != nil {
			return nil, err
		}
	}
	for _, l := range weighted(q) {
		if l.Weight.Type.Quant != nil {
			l.makeUp(bits(l.node.Name))
		}
	}
	return q, q.Validate()
}

func isQuantized(g *nn.Graph) bool {
	return slices.ContainsFunc(g.Params(), func(v *nn.Value) bool { return v.Type.Quant != nil })
}

// skeleton gives the values of g, which is folded and fused, the types that
// Round gives them, with weights of 8 bits, and takes their data away.
func skeleton(g *nn.Graph) (*nn.Graph, error) {
	q := g.Clone()
	err := setActGrids(q, func(string) (*nn.Quant, error) {
		return &nn.Quant{Bits: 8, Axis: -1, Scale: []float32{sketchScale}, Zero: []int32{0}}, nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range weighted(q) {
		c := l.Weight.Type.Shape[0]
		grid := &nn.Quant{Bits: 8, Axis: 0, Scale: slices.Repeat([]float32{1}, c), Zero: make([]int32, c)}
		l.Weight.Type = nn.Type{Shape: l.Weight.Type.Shape, DType: tensor.Int8, Quant: grid}
		l.Bias.Type.DType = tensor.Int32
		l.Weight.Data, l.Bias.Data = nil, nil
	}
	dequantizeOutputs(q)
	return q, nil
}

// sketchScale is the scale of all activations: codes reach to the 6 of ReLU6.
const sketchScale = 6.0 / 255

// makeUp gives the layer weights of the given bits that use the whole range,
// with the zero points that a real layer has, and a bias of zeros. The scale
// makes outputs about as large as inputs.
func (l layer) makeUp(bits uint8) {
	s := l.Weight.Type.Shape
	lo, hi := nn.SignedRange(bits)
	k := s.Elems() / s[0]
	q := &nn.Quant{Bits: bits, Axis: 0, Scale: make([]float32, s[0]), Zero: make([]int32, s[0])}
	for c := range s[0] {
		q.Scale[c] = float32(6 / (float64(hi-lo) * math.Sqrt(float64(k))))
		q.Zero[c] = int32(c) % 2 // 0 or 1 is in the middle for any bits, and kernels skip zero points that are all 0
	}
	codes := make([]int8, s.Elems())
	state := uint32(1)
	for i := range codes {
		state = state*1664525 + 1013904223 // a linear congruential generator: any codes will do
		codes[i] = int8(lo + int32(uint64(state)*uint64(hi-lo+1)>>32))
	}
	l.Weight.Type = nn.Type{Shape: s, DType: tensor.Int8, Quant: q}
	l.Weight.Data = tensor.FromInt8(codes, s...)
	if l.Bias != nil {
		l.Bias.Type = nn.Type{Shape: l.Bias.Type.Shape, DType: tensor.Int32}
		l.Bias.Data = tensor.New(tensor.Int32, l.Bias.Type.Shape...)
	}
}
