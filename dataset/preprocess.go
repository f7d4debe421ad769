package dataset

import (
	"fmt"
	"math"
)

// Preprocess says how the bytes of a Dataset become the numbers the network was
// trained on: (byte/255 - Mean) / Std for every channel. Its JSON form travels
// with the network.
type Preprocess struct {
	Mean []float64 `json:"mean"` // per channel
	Std  []float64 `json:"std"`  // per channel
}

// Validate returns an error unless Mean and Std are finite, have the same
// positive length, and no Std is zero or negative.
func (p Preprocess) Validate() error {
	if len(p.Mean) == 0 || len(p.Mean) != len(p.Std) {
		return fmt.Errorf("dataset: preprocess: %d means and %d stds, want one of each per channel", len(p.Mean), len(p.Std))
	}
	for c, m := range p.Mean {
		if s := p.Std[c]; math.IsNaN(m) || math.IsInf(m, 0) || !(s > 0) || math.IsInf(s, 0) {
			return fmt.Errorf("dataset: preprocess: channel %d: mean %g, std %g", c, m, s)
		}
	}
	return nil
}

// Table returns for every channel the number that each byte stands for,
// computed in float64. It panics unless p is valid.
func (p Preprocess) Table() [][256]float32 {
	if err := p.Validate(); err != nil {
		panic(err)
	}
	table := make([][256]float32, len(p.Mean))
	for c := range table {
		for b := range table[c] {
			table[c][b] = float32((float64(b)/255 - p.Mean[c]) / p.Std[c])
		}
	}
	return table
}
