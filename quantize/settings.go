package quantize

import (
	"fmt"
	"slices"

	"mixq/nn"
)

// LayerConfig is what is decided for one layer before any pass runs: no
// patterns and no defaults are left in it.
type LayerConfig struct {
	Layer    string
	Input    string  // the activation that it reads, as ActConfig names it
	Bits     []uint8 // candidates for the weights, ascending
	Rounding Rounding
}

// ActConfig is what is decided for one activation: a value and all others that
// share its grid.
type ActConfig struct {
	Value string  // the first of them in execution order
	Bits  []uint8 // candidates, ascending
}

// Settings are those of all layers with weights and of all activations, in
// execution order.
type Settings struct {
	Layers []LayerConfig
	Acts   []ActConfig
}

// act is the activation of that name; nil if there is none.
func (s *Settings) act(name string) *ActConfig {
	if i := slices.IndexFunc(s.Acts, func(a ActConfig) bool { return a.Value == name }); i >= 0 {
		return &s.Acts[i]
	}
	return nil
}

// ChoosesActs reports whether some activation has several candidates.
func (s *Settings) ChoosesActs() bool {
	return slices.ContainsFunc(s.Acts, func(a ActConfig) bool { return len(a.Bits) > 1 })
}

// Resolve applies the rules, in order, to every layer of g that has weights, and
// to its input. A rule that matches no layer, or leaves one without candidates,
// is an error.
//
// The input of the network has 8 bits unless a rule says otherwise, since pixels
// are bytes. An activation that no layer with weights reads has the most bits of
// Config.ActBits, since no budget depends on it.
func Resolve(g *nn.Graph, cfg Config) (Settings, error) {
	s, err := defaultSettings(g, cfg.withDefaults())
	if err != nil {
		return s, err
	}
	return s, s.apply(cfg.Rules)
}

// apply applies rules, in order, and sorts the candidates.
func (s *Settings) apply(rules []Rule) error {
	for _, r := range rules {
		if err := r.apply(s); err != nil {
			return fmt.Errorf("quantize: rule %q: %w", r.Layer, err)
		}
	}
	for i := range s.Layers {
		s.Layers[i].Bits = slices.Sorted(slices.Values(s.Layers[i].Bits))
	}
	for i := range s.Acts {
		s.Acts[i].Bits = slices.Sorted(slices.Values(s.Acts[i].Bits))
	}
	return nil
}

// defaultSettings are those without rules.
func defaultSettings(g *nn.Graph, cfg Config) (s Settings, err error) {
	ls := weighted(g)
	if len(ls) == 0 {
		return s, fmt.Errorf("quantize: %s has no layer with weights", g.Name)
	}
	read := map[string]bool{}
	gs := groups(g)
	for _, l := range ls {
		i := slices.IndexFunc(gs, func(t group) bool { return slices.Contains(t.values, l.X) })
		if i < 0 {
			return s, fmt.Errorf("quantize: %s: its input %s is not quantized; only the last layer may be followed by a softmax", l.node.Name, l.X.Name)
		}
		read[gs[i].name()] = true
		s.Layers = append(s.Layers, LayerConfig{Layer: l.node.Name, Input: gs[i].name(), Bits: cfg.Bits, Rounding: cfg.Rounding})
	}
	for _, t := range gs {
		a := ActConfig{t.name(), cfg.ActBits}
		switch {
		case slices.Contains(t.values, g.Inputs[0]):
			a.Bits = []uint8{8}
		case !read[a.Value]:
			a.Bits = []uint8{slices.Max(cfg.ActBits)}
		}
		s.Acts = append(s.Acts, a)
	}
	return s, nil
}
