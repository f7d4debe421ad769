package quantize

import (
	"fmt"
	"slices"
	"strings"
)

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
