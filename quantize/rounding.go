package quantize

import (
	"fmt"
)

// Rounding is how real weights become codes.
type Rounding uint8

// The roundings, default first. All but Nearest correct the bias, so that the
// mean output is right.
const (
	// CoordinateDescent goes on from GramTwoStream: codes and scales move one at
	// a time to the minimum of the same squared error, until none moves.
	CoordinateDescent Rounding = iota
	// GramTwoStream fits the float output from the already quantized input,
	// then rounds column by column with error feedback through the Gram matrix
	// of the input patches (GPTQ, Frantar et al. 2023).
	GramTwoStream
	// Nearest rounds each weight to its grid and does nothing else.
	Nearest
	// NearestCorrected is Nearest with the correction of the bias.
	NearestCorrected
	// AdaRound learns, on the same squared error, whether each weight goes up or
	// down (Nagel et al. 2020).
	AdaRound
	// BlockReconstruction goes on from CoordinateDescent: the codes, scales and
	// biases of each block of layers are trained together, so that the output of
	// the block comes closer to that of the float network (BRECQ, Li et al. 2021).
	BlockReconstruction
	numRoundings
)

// rowRounder rounds rows of weights w, each to its grid, whose scale it may move.
type rowRounder func(codes []int8, w []float64, grids []grid)

// rounders say what each rounding does in a layer, and after it.
var rounders = [numRoundings]struct {
	name    string
	gram    bool                         // the float output is fitted, and rows are rounded by the Gram matrix
	rows    func(*gramFactor) rowRounder // of a layer; the factor is nil unless gram is set
	perturb func(*gramFactor) rowRounder // much the same but fast, for the perturbations of Sensitivity
	correct bool                         // the bias, for the mean output to be right
	blocks  bool                         // go on with the layers of a block together
}{
	GramTwoStream:       {"gram", true, gramRows, gramRows, true, false},
	Nearest:             {"nearest", false, nearestRows, nearestRows, false, false},
	NearestCorrected:    {"nearest-corrected", false, nearestRows, nearestRows, true, false},
	CoordinateDescent:   {"descent", true, descentRows, gramRows, true, false},
	AdaRound:            {"adaround", true, adaRoundRows, gramRows, true, false},
	BlockReconstruction: {"block", true, descentRows, gramRows, true, true},
}

func gramRows(f *gramFactor) rowRounder { return f.round }

func nearestRows(*gramFactor) rowRounder {
	return func(codes []int8, w []float64, grids []grid) {
		k := len(w) / len(grids)
		for o, g := range grids {
			g.nearest(codes[o*k:o*k+k], w[o*k:o*k+k])
		}
	}
}

// Roundings lists all roundings, the default first.
func Roundings() []Rounding { return listed(numRoundings) }

func (r Rounding) String() string {
	if r >= numRoundings {
		return fmt.Sprintf("Rounding(%d)", uint8(r))
	}
	return rounders[r].name
}

// MarshalText writes the name of r.
func (r Rounding) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the name of a rounding.
func (r *Rounding) UnmarshalText(b []byte) error { return setNamed(r, "rounding", Roundings(), b) }
