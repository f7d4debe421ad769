package quantize

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Tie makes layers share one bit-width.
type Tie struct {
	Layers string // path.Match pattern over layer names
	Inputs bool   // the width of their inputs, of those that have several candidates, not of their weights
}

// ParseTie reads "GLOB", which ties the weights of the layers that match, or
// "GLOB:act", which ties their inputs.
func ParseTie(s string) (t Tie, err error) {
	t.Layers, t.Inputs = strings.CutSuffix(s, ":act")
	if t.Layers == "" {
		return t, fmt.Errorf("quantize: tie %q: want GLOB or GLOB:act, such as layer1.*", s)
	}
	if _, err := path.Match(t.Layers, ""); err != nil {
		return t, fmt.Errorf("quantize: tie %q: %w", s, err)
	}
	return t, nil
}

// String is the form that ParseTie reads.
func (t Tie) String() string {
	if t.Inputs {
		return t.Layers + ":act"
	}
	return t.Layers
}

// MarshalText writes the tie as a string.
func (t Tie) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the string form.
func (t *Tie) UnmarshalText(b []byte) (err error) {
	*t, err = ParseTie(string(b))
	return err
}

// match lists the layers that t names.
func (t Tie) match(layers []LayerSens) ([]int, error) {
	var m []int
	for i, l := range layers {
		ok, err := path.Match(t.Layers, l.Layer)
		if err != nil {
			return nil, fmt.Errorf("quantize: tie %q: %w", t, err)
		}
		if ok {
			m = append(m, i)
		}
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("quantize: tie %q matches no layer", t)
	}
	return m, nil
}

// classes says of each of some things which is the first that it belongs with.
type classes []int

func newClasses(n int) classes {
	c := make(classes, n)
	for i := range c {
		c[i] = i
	}
	return c
}

// join makes one class of those of some members.
func (c classes) join(members []int) {
	for _, i := range members {
		a, b := min(c[i], c[members[0]]), max(c[i], c[members[0]])
		for k := range c {
			if c[k] == b {
				c[k] = a
			}
		}
	}
}

// choice is a bit-width that is chosen once, for the weights of layers or for
// activation values.
type choice struct {
	names []string
	bits  []uint8
	sens  []float64 // by bits: sensitivities add up
	pairs int       // how many it is part of
}

// newChoice is that of one layer or value. Sensitivities that are not known yet
// are zero.
func newChoice(name string, bits []uint8, sens []float64) *choice {
	if len(sens) == 0 {
		sens = make([]float64, len(bits))
	}
	return &choice{names: []string{name}, bits: bits, sens: sens}
}

// with is the choice of what c and d choose, of the widths that are candidates
// for all.
func (c *choice) with(d *choice) (*choice, error) {
	both := &choice{names: slices.Concat(c.names, d.names)}
	for i, b := range c.bits {
		if j := slices.Index(d.bits, b); j >= 0 {
			both.bits = append(both.bits, b)
			both.sens = append(both.sens, c.sens[i]+d.sens[j])
		}
	}
	if len(both.bits) == 0 {
		return nil, fmt.Errorf("quantize: %s is tied to %s, but they have no candidate bits in common; change their candidates with rules", d.names[0], strings.Join(c.names, ", "))
	}
	return both, nil
}

// merged gives each of some things the choice of its class.
func (c classes) merged(own []*choice) ([]*choice, error) {
	out := slices.Clone(own)
	var err error
	for i, first := range c {
		if first == i {
			continue
		}
		if out[first], err = out[first].with(own[i]); err != nil {
			return nil, err
		}
	}
	for i, first := range c {
		out[i] = out[first]
	}
	return out, nil
}
