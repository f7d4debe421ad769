package quantize

import (
	"fmt"
	"time"

	"mixq/infer/artifact"
	"mixq/nn"
	"mixq/tensor"
)

// cost is what a run or a file takes of one resource.
type cost struct {
	fixed int64                         // whatever bits are chosen
	layer func(i int, w, a uint8) int64 // of layer i with w-bit weights and an a-bit input; nil if bits do not matter
}

// codeBits are the bits of packed codes.
func codeBits(t *SensTable, _ *LatencyTable) (cost, error) {
	return cost{layer: func(i int, w, _ uint8) int64 { return t.Layers[i].Weights * int64(w) }}, nil
}

// fileBytes are those of a file, with scales, zero points and padding.
func fileBytes(t *SensTable, _ *LatencyTable) (cost, error) {
	return cost{t.Overhead, func(i int, w, _ uint8) int64 {
		l := &t.Layers[i]
		return artifact.WeightBytes(tensor.Shape{int(l.Channels), int(l.Weights / l.Channels)}, int(w))
	}}, nil
}

// bitOperations are MACs·Wbits·Abits.
func bitOperations(t *SensTable, _ *LatencyTable) (cost, error) {
	for _, l := range t.Layers {
		if t.act(l.Input) < 0 || l.MACs < 1 {
			return cost{}, fmt.Errorf("quantize: the sensitivities do not tell the work and the input of %s, which a budget of BOPs needs; measure them again", l.Layer)
		}
	}
	return cost{layer: func(i int, w, a uint8) int64 { return t.Layers[i].MACs * int64(w) * int64(a) }}, nil
}

// CountBOPs is the sum over the layers of q, which is quantized, of MACs·Wbits·Abits,
// with the bits of each layer's weights and of its input.
func CountBOPs(q *nn.Graph) int64 {
	var sum int64
	for _, l := range weighted(q) {
		if w, a := l.Weight.Type.Quant, l.X.Type.Quant; w != nil && a != nil {
			sum += l.node.MACs() * int64(w.Bits) * int64(a.Bits)
		}
	}
	return sum
}

// activationBytes do not depend on bits: a code takes a byte.
func activationBytes(t *SensTable, _ *LatencyTable) (cost, error) {
	if t.Memory < 1 {
		return cost{}, fmt.Errorf("quantize: the sensitivities do not tell the memory of activations; measure them again")
	}
	return cost{fixed: t.Memory}, nil
}

// runTime is the latency by the table, in nanoseconds.
func runTime(t *SensTable, table *LatencyTable) (c cost, err error) {
	var ws []Work
	works := map[string]Work{}
	for _, w := range t.Works {
		if w.Bits == 0 {
			ws = append(ws, w)
		} else {
			works[w.Layer] = w
		}
	}
	rest := len(ws)
	for _, l := range t.Layers {
		w, ok := works[l.Layer]
		if !ok {
			return c, fmt.Errorf("quantize: the sensitivities do not tell the shape of %s, which a latency budget needs; measure them again", l.Layer)
		}
		for _, w.Bits = range l.Bits {
			ws = append(ws, w)
		}
	}
	each, _, err := table.Predict(ws)
	if err != nil {
		return c, err
	}
	for _, d := range each[:rest] {
		c.fixed += int64(d)
	}
	each = each[rest:]
	of := make([][9]time.Duration, len(t.Layers)) // by bits
	for i, l := range t.Layers {
		for j, b := range l.Bits {
			of[i][b] = each[j]
		}
		each = each[len(l.Bits):]
	}
	c.layer = func(i int, w, _ uint8) int64 { return int64(of[i][w]) }
	return c, nil
}

// floatBits are the bits of float32 weights.
func floatBits(t *SensTable) float64 { return 32 * weightCount(t) }

func weightCount(t *SensTable) float64 { return float64(t.weights()) }

func (t *SensTable) weights() int64 {
	var n int64
	for _, l := range t.Layers {
		n += l.Weights
	}
	return n
}

// floatOperations are the BOPs of 32-bit weights and activations.
func floatOperations(t *SensTable) float64 {
	var n int64
	for _, l := range t.Layers {
		n += l.MACs
	}
	return 32 * 32 * float64(n)
}
