package quantize

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"mixq/nn"
	"mixq/tensor"
)

// saved is the form of a product on disk: what it was made from, and itself.
type saved[T any] struct {
	Inputs  string // hash of everything that the product depends on
	Product *T
}

// product takes the product of that name up from dir, or makes and saves it.
// With dir == "" it only makes it. A saved product of other inputs is an error:
// the user decides whether it or the inputs are out of date.
func product[T any](dir, name, inputs string, make func() (*T, error)) (*T, error) {
	if dir == "" {
		return make()
	}
	path := filepath.Join(dir, name+".json")
	var s saved[T]
	switch b, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("quantize: %w", err)
	default:
		if err := json.Unmarshal(b, &s); err != nil || s.Product == nil {
			return nil, fmt.Errorf("quantize: %s is damaged; delete it: %v", path, err)
		}
		if s.Inputs != inputs {
			return nil, fmt.Errorf("quantize: %s was made from other weights, images or settings; delete it or name another work directory", path)
		}
		return s.Product, nil
	}
	p, err := make()
	if err != nil {
		return nil, err
	}
	return p, SaveJSON(path, saved[T]{inputs, p})
}

// SaveJSON writes v to path: to a temporary name beside it first, so that a
// reader never sees a part.
func SaveJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("quantize: %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("quantize: %w", err)
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o666); err != nil {
		os.Remove(tmp)
		return fmt.Errorf("quantize: %w", err)
	}
	return os.Rename(tmp, path)
}

// fingerprint is a hash over the network, its weights and pixel table, the
// images (with labels if the metric reads them) and the settings that change
// results; when withLimits is false, the limits, how blocks are trained and what is
// done after rounding are left out, since nothing before the plan depends on them.
func fingerprint(g *nn.Graph, s imageSet, cfg Config, withLimits bool) string {
	h := sha256.New()
	fmt.Fprintln(h, g)
	var buf []byte
	floats := func(xs []float32) {
		buf = buf[:0]
		for _, x := range xs {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(x))
		}
		h.Write(buf)
	}
	for _, v := range g.Params() {
		floats(v.Data.Float32())
	}
	for c := range g.Pixels {
		floats(g.Pixels[c][:])
	}
	h.Write(s.images.Uint8())
	if measures[cfg.Metric].labelled {
		fmt.Fprintln(h, s.labels)
	}
	cfg.Threads = 0
	if !withLimits {
		cfg.Limits, cfg.MaxDrop, cfg.Blocks, cfg.ReestimateBN = Limits{}, 0, Blocks{}, false
	}
	b, err := json.Marshal(cfg)
	if err != nil {
		panic("quantize: Config has no JSON form: " + err.Error())
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// roundInputs is a hash over everything that Round depends on.
func roundInputs(g *nn.Graph, lc []LayerConfig, plan *Plan, st *Stats, images *tensor.Tensor, cfg Config) string {
	h := sha256.New()
	h.Write([]byte(fingerprint(g, imageSet{images: images}, cfg, true)))
	if err := json.NewEncoder(h).Encode([]any{lc, plan, st}); err != nil {
		panic("quantize: a product has no JSON form: " + err.Error())
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
