package quantize

import (
	"fmt"
	"slices"
)

// Restrict is t with the candidates that rules leave, which must have been
// measured. It cannot change roundings.
func (t *SensTable) Restrict(rules []Rule) (*SensTable, error) {
	var s Settings
	for _, l := range t.Layers {
		s.Layers = append(s.Layers, LayerConfig{Layer: l.Layer, Input: l.Input, Bits: l.Bits})
	}
	for _, a := range t.Acts {
		s.Acts = append(s.Acts, ActConfig{a.Value, a.Bits})
	}
	for _, r := range rules {
		if r.Rounding != nil {
			return nil, fmt.Errorf("quantize: rule %q: the rounding cannot be changed after sensitivities are measured; measure them with this rule", r.Layer)
		}
	}
	if err := s.apply(rules); err != nil {
		return nil, err
	}
	out := *t
	out.Layers, out.Acts = slices.Clone(t.Layers), slices.Clone(t.Acts)
	r := restriction{}
	for i := range out.Layers {
		l := &out.Layers[i]
		if err := r.restrict("layer "+l.Layer, &l.Bits, &l.Sensitivity, s.Layers[i].Bits); err != nil {
			return nil, err
		}
	}
	for i := range out.Acts {
		a := &out.Acts[i]
		if err := r.restrict("activation "+a.Value, &a.Bits, &a.Sensitivity, s.Acts[i].Bits); err != nil {
			return nil, err
		}
	}
	if t.Pairs == nil {
		return &out, nil
	}
	if err := t.complete(); err != nil {
		return nil, err
	}
	out.Pairs = t.Pairs.restrict(r.kept)
	return &out, nil
}

// restriction collects which of the measured candidates are kept.
type restriction struct {
	kept []int
	seen int
}

// restrict keeps those of some measured widths that are wanted.
func (r *restriction) restrict(name string, bits *[]uint8, sens *[]float64, want []uint8) error {
	var kept []float64
	for _, b := range want {
		i := slices.Index(*bits, b)
		if i < 0 {
			return fmt.Errorf("quantize: %s was not measured at %d bits, only at %v; measure sensitivities with them", name, b, *bits)
		}
		if i < len(*sens) { // else there was nothing to choose, or the table is incomplete
			kept = append(kept, (*sens)[i])
			r.kept = append(r.kept, r.seen+i)
		}
	}
	r.seen += len(*sens)
	*bits, *sens = want, kept
	return nil
}
