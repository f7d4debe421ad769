package quantize

import (
	"errors"

	"mixq/nn"
)

// blockState is what is decided for the layers of a block, and the product that
// a run goes on from.
type blockState struct{ Layers []layerState }

// layerState is a quantized layer.
type layerState struct {
	Layer string
	Bits  uint8
	Codes []byte // int8, as bytes for their short form in JSON
	Scale []float32
	Zero  []int32
	Bias  []int32
}

// newBlockState copies the state of layers.
func newBlockState(layers []layer) *blockState {
	s := &blockState{}
	for _, l := range layers {
		q := l.Weight.Type.Quant
		state := layerState{Layer: l.node.Name, Bits: q.Bits}
		for _, c := range l.Weight.Data.Int8() {
			state.Codes = append(state.Codes, byte(c))
		}
		state.Scale = append(state.Scale, q.Scale...)
		state.Zero = append(state.Zero, q.Zero...)
		state.Bias = append(state.Bias, l.Bias.Data.Int32()...)
		s.Layers = append(s.Layers, state)
	}
	return s
}

var errBlockState = errors.New("it is not of the layers of this network")

// restore puts the state into layers.
func (s *blockState) restore(layers []layer) error {
	if len(s.Layers) != len(layers) {
		return errBlockState
	}
	for i, l := range layers {
		if !s.Layers[i].fits(l) {
			return errBlockState
		}
		s.Layers[i].rounded().store(l)
	}
	return nil
}

func (s *layerState) fits(l layer) bool {
	n := l.Weight.Type.Shape[0]
	return s.Layer == l.node.Name && checkBits([]uint8{s.Bits}) == nil && len(s.Codes) == l.Weight.Type.Shape.Elems() &&
		len(s.Scale) == n && len(s.Zero) == n && len(s.Bias) == n
}

func (s *layerState) rounded() *rounded {
	r := &rounded{bits: s.Bits, bias: s.Bias, grids: gridsOf(&nn.Quant{Bits: s.Bits, Scale: s.Scale, Zero: s.Zero})}
	for _, c := range s.Codes {
		r.codes = append(r.codes, int8(c))
	}
	return r
}
