package quantize

import (
	"os"
	"runtime"
	"slices"

	"mixq/infer/artifact"
	"mixq/internal/isa"
	"mixq/nn"
	"mixq/tensor"
)

// Version is the version of mixq that files name as their origin.
const Version = "0.1.0"

// meta is the provenance that goes into the file.
func meta(cfg Config, config string) artifact.Meta {
	return artifact.Meta{
		Tool: Version, Go: runtime.Version(), Level: isa.Current().String(),
		Config: config, Seed: cfg.Seed, Preprocess: cfg.Preprocess, Synthetic: cfg.Synthetic,
	}
}

// Pack writes the quantized network, with bit-packed weights, and returns the
// length of the file. The file appears whole or not at all.
func Pack(path string, q *nn.Graph, m artifact.Meta) (int64, error) {
	if err := artifact.Write(path, q, m); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// overhead is what a file of g takes besides its weights, in bytes, whatever
// their bit-widths and the values of all scales are.
func overhead(g *nn.Graph, m artifact.Meta) (int64, error) {
	q := g.Clone()
	var st Stats
	for _, t := range ties(q) {
		st.Acts = append(st.Acts, ActGrid{Value: t.name(), Bits: 8, Scale: 1})
	}
	if err := setActGrids(q, &st); err != nil {
		return 0, err
	}
	var weights int64
	for _, l := range weighted(q) {
		c := l.Weight.Type.Shape[0]
		grid := &nn.Quant{Bits: 8, Axis: 0, Scale: slices.Repeat([]float32{1}, c), Zero: make([]int32, c)}
		l.Weight.Type = nn.Type{Shape: l.Weight.Type.Shape, DType: tensor.Int8, Quant: grid}
		l.Bias.Type.DType = tensor.Int32
		l.Weight.Data, l.Bias.Data = nil, nil
		weights += artifact.WeightBytes(l.Weight.Type.Shape, 8)
	}
	dequantizeOutputs(q)
	n, err := artifact.Size(q, m)
	return n - weights, err
}
