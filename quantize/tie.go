package quantize

import (
	"fmt"
	"path"
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
