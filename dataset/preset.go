package dataset

import (
	"fmt"
	"slices"
)

// Preset names a way to normalise images that many networks share. The zero
// value is none.
type Preset uint8

// The presets.
const (
	Torchvision Preset = iota + 1 // mean and standard deviation of ImageNet
	TensorFlow                    // x/127.5 - 1
)

var presets = []struct {
	name      string
	mean, std []float64
}{
	Torchvision: {"torchvision", []float64{0.485, 0.456, 0.406}, []float64{0.229, 0.224, 0.225}},
	TensorFlow:  {"tensorflow", []float64{0.5, 0.5, 0.5}, []float64{0.5, 0.5, 0.5}},
}

// Normalise returns p with the mean, standard deviation and channel order of
// the preset. It panics if s is not one of the constants.
func (s Preset) Normalise(p Preprocess) Preprocess {
	p.Channels, p.Mean, p.Std = RGB, slices.Clone(presets[s].mean), slices.Clone(presets[s].std)
	return p
}

func (s Preset) String() string {
	if int(s) < len(presets) {
		return presets[s].name
	}
	return fmt.Sprintf("Preset(%d)", uint8(s))
}

// MarshalText writes the name of s.
func (s Preset) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name of a preset; an empty one is none.
func (s *Preset) UnmarshalText(text []byte) error {
	for i, known := range presets {
		if known.name == string(text) {
			*s = Preset(i)
			return nil
		}
	}
	return fmt.Errorf("dataset: unknown preprocessing %q, want torchvision or tensorflow", text)
}
