package quantize

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Rule changes the settings of the layers that its glob matches.
type Rule struct {
	Layer    string    // path.Match pattern over layer names
	Bits     []uint8   `json:",omitempty"` // candidates for the weights; nil keeps what there are
	Min      uint8     `json:",omitempty"` // candidates with fewer bits are dropped
	Max      uint8     `json:",omitempty"` // candidates with more bits are dropped; 0: none
	ActBits  []uint8   `json:",omitempty"` // candidates for the input, and so for all values that share its grid; nil keeps them
	Rounding *Rounding `json:",omitempty"` // nil keeps Config.Rounding
}

// ruleKeys are the settings of a rule as they are written.
var ruleKeys = []struct {
	name, example string
	set           func(r *Rule, value string) error
}{
	{"bits", "4/6/8", func(r *Rule, v string) (err error) { r.Bits, err = parseWidths(v); return err }},
	{"min", "3", func(r *Rule, v string) (err error) { r.Min, err = parseWidth(v); return err }},
	{"max", "6", func(r *Rule, v string) (err error) { r.Max, err = parseWidth(v); return err }},
	{"act", "6/8", func(r *Rule, v string) (err error) { r.ActBits, err = parseWidths(v); return err }},
	{"rounding", Nearest.String(), func(r *Rule, v string) error { r.Rounding = new(Rounding); return r.Rounding.UnmarshalText([]byte(v)) }},
}

// ParseRule reads "GLOB:KEY=VALUE,...", such as "fc:min=3" or
// "layer1.*:bits=4/6/8,act=8,rounding=nearest".
func ParseRule(s string) (Rule, error) {
	at := strings.LastIndexByte(s, ':') // names may have colons, settings have none
	if at < 1 {
		return Rule{}, fmt.Errorf("quantize: rule %q: want GLOB:KEY=VALUE,... with settings such as %s", s, ruleExamples())
	}
	r := Rule{Layer: s[:at]}
	for setting := range strings.SplitSeq(s[at+1:], ",") {
		if err := r.set(setting); err != nil {
			return Rule{}, fmt.Errorf("quantize: rule %q: %w", s, err)
		}
	}
	return r, nil
}

func (r *Rule) set(setting string) error {
	name, value, _ := strings.Cut(setting, "=")
	for _, k := range ruleKeys {
		if k.name != name {
			continue
		}
		if err := k.set(r, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("%q is no setting; want such as %s", setting, ruleExamples())
}

// ruleExamples shows a value of every setting.
func ruleExamples() string {
	var all []string
	for _, k := range ruleKeys {
		all = append(all, k.name+"="+k.example)
	}
	return strings.Join(all, ", ")
}

func parseWidths(s string) (bits []uint8, err error) {
	for word := range strings.SplitSeq(s, "/") {
		b, err := parseWidth(word)
		if err != nil {
			return nil, err
		}
		bits = append(bits, b)
	}
	return bits, checkBits(bits)
}

func parseWidth(s string) (uint8, error) {
	b, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is not a bit-width", s)
	}
	return uint8(b), checkBits([]uint8{uint8(b)})
}

// apply changes the settings of the layers that match, of which there must be
// one.
func (r Rule) apply(s *Settings) error {
	for _, bits := range [][]uint8{r.Bits, r.ActBits} {
		if bits == nil {
			continue
		}
		if err := checkBits(bits); err != nil {
			return fmt.Errorf("bits: %w", err)
		}
	}
	matched := false
	for i := range s.Layers {
		l := &s.Layers[i]
		ok, err := path.Match(r.Layer, l.Layer)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		matched = true
		if err := r.change(l); err != nil {
			return err
		}
		if r.ActBits == nil {
			continue
		}
		a := s.act(l.Input)
		if a == nil {
			return fmt.Errorf("the input of layer %s is not known; measure sensitivities again", l.Layer)
		}
		a.Bits = r.ActBits
	}
	if !matched {
		return fmt.Errorf("matches no layer")
	}
	return nil
}

// change changes what is decided for the layer itself.
func (r Rule) change(l *LayerConfig) error {
	if r.Rounding != nil {
		l.Rounding = *r.Rounding
	}
	if r.Bits != nil {
		l.Bits = r.Bits
	}
	before := l.Bits
	l.Bits = slices.DeleteFunc(slices.Clone(before), func(b uint8) bool { return b < r.Min || r.Max > 0 && b > r.Max })
	if len(l.Bits) == 0 {
		return fmt.Errorf("leaves layer %s none of its candidate bits %v", l.Layer, before)
	}
	return nil
}
