package quantize

import (
	"os"
	"runtime"

	"mixq/infer/artifact"
	"mixq/internal/isa"
	"mixq/nn"
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

// overhead is what a file of q, a skeleton, takes besides its weights, in
// bytes, whatever their bit-widths and the values of all scales are.
func overhead(q *nn.Graph, m artifact.Meta) (int64, error) {
	n, err := artifact.Size(q, m)
	for _, l := range weighted(q) {
		n -= artifact.WeightBytes(l.Weight.Type.Shape, int(l.Weight.Type.Quant.Bits))
	}
	return n, err
}
