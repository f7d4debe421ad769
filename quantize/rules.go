package quantize

import (
	"fmt"
	"path"
	"slices"

	"mixq/nn"
)

// Rule changes the settings of the layers that its glob matches.
type Rule struct {
	Layer    string    // path.Match pattern over layer names
	Bits     []uint8   `json:",omitempty"` // candidates instead of Config.Bits; nil keeps them
	Rounding *Rounding `json:",omitempty"` // nil keeps Config.Rounding
}

// LayerConfig is what is decided for one layer before any pass runs: no
// patterns and no defaults are left in it.
type LayerConfig struct {
	Layer    string
	Bits     []uint8 // ascending
	Rounding Rounding
}

// Resolve applies the rules, in order, to every layer of g that has weights. A
// rule that matches no layer is an error.
func Resolve(g *nn.Graph, cfg Config) ([]LayerConfig, error) {
	ls := weighted(g)
	if len(ls) == 0 {
		return nil, fmt.Errorf("quantize: %s has no layer with weights", g.Name)
	}
	out := make([]LayerConfig, len(ls))
	for i, l := range ls {
		out[i] = LayerConfig{Layer: l.node.Name, Bits: cfg.Bits, Rounding: cfg.Rounding}
	}
	for _, r := range cfg.Rules {
		if err := r.apply(out); err != nil {
			return nil, fmt.Errorf("quantize: rule %q: %w", r.Layer, err)
		}
	}
	for i := range out {
		out[i].Bits = slices.Sorted(slices.Values(out[i].Bits))
	}
	return out, nil
}

func (r Rule) apply(layers []LayerConfig) error {
	if r.Bits != nil {
		if err := checkBits(r.Bits); err != nil {
			return fmt.Errorf("bits: %w", err)
		}
	}
	matched := false
	for i := range layers {
		ok, err := path.Match(r.Layer, layers[i].Layer)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		matched = true
		if r.Bits != nil {
			layers[i].Bits = r.Bits
		}
		if r.Rounding != nil {
			layers[i].Rounding = *r.Rounding
		}
	}
	if !matched {
		return fmt.Errorf("matches no layer")
	}
	return nil
}
