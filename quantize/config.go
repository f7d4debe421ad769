package quantize

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// Batches are images to be read.
type Batches interface {
	// All yields the images as Uint8 pixel tensors [n,C,H,W] with their labels.
	All() iter.Seq2[*tensor.Tensor, []int]
	// Err says, after a loop over All, what ended it early.
	Err() error
}

// Data is what a run looks at: images to calibrate on, whose labels no more than
// some metrics other than the default read, and images to evaluate on. A search by accuracy (Config.MaxDrop) is
// decided on the images Valid, and Tune works on the images Tune if there are any;
// both should be others than the first two.
type Data struct{ Calib, Valid, Tune, Eval Batches }

// Config is everything that decides the result besides network and images.
type Config struct {
	Bits     []uint8 // candidate bit-widths of weights, any subset of 2..8
	ActBits  []uint8 // candidate bit-widths of activations, any subset of 2..8; nil means 8 alone
	Limits   Limits  // none: the most bits, as far as sensitivities fall with them
	MaxDrop  float64 // if positive, the smallest network within Limits is wanted that loses at most so many points of top-1
	Metric   Metric
	Rounding Rounding
	Blocks   Blocks `json:",omitzero"` // of the rounding BlockReconstruction
	Rules    []Rule // exceptions by layer; later rules win
	Seed     uint64

	Equalize     bool `json:",omitempty"` // cross-layer equalization of weights before anything else (rewrite.Equalize)
	EqualizeActs bool `json:",omitempty"` // channels of the inputs of depthwise layers are scaled to equal ranges (rewrite.EqualizeActs)
	ReestimateBN bool `json:",omitempty"` // mean and variance of what layers compute are restored after rounding (Reestimate)

	Synthetic bool // the weights are random: recorded in the file

	SensImages int // most calibration images that are measured on, and most that are rounded for, in Sensitivity, and most that curvatures are taken of in Round; 0 means DefaultSensImages
	SensDraws  int // random output directions per image; 0 means as many as the network is small enough for
	Positions  int // patches sampled per image and layer; 0 means DefaultPositions, or more if there are few images (defaultPositions)
	Threads    int // 0 means 1; changes nothing but the time

	Preprocess json.RawMessage                    `json:"-"` // stored in the file as it is, for its users
	WorkDir    string                             `json:"-"` // products are saved here and taken up again; "" for none
	Progress   func(stage Stage, done, total int) `json:"-"` // may be nil; called from one goroutine
}

// Defaults of the zero values in Config, from the measurements in docs/METHOD.md.
const (
	DefaultSensImages = 512
	DefaultPositions  = 64
)

// defaultPositions makes about 65,536 patches of a layer from n images, and
// takes no fewer than DefaultPositions of an image.
func defaultPositions(n int) int { return max(DefaultPositions, 1<<16/n) }

// defaultDraws is the default of Config.SensDraws: images differ more than
// draws, so more than one draw an image pays only where it costs little.
func defaultDraws(g *nn.Graph) int {
	const small = 1e8 // MACs
	if g.MACs() > small {
		return 1
	}
	return 4
}

// Stage is a step of the pipeline that takes time.
type Stage uint8

// The stages in the order they run.
const (
	StageEqualize Stage = iota
	StageCalibrate
	StageSensitivity
	StageSearch
	StageAllocate
	StageCurvature
	StageRound
	StageReestimate
	StageTune
	StagePack
	StageVerify
	numStages
)

var stageNames = [numStages]string{"equalize", "calibrate", "sensitivity", "search", "allocate", "curvature", "round", "re-estimate", "tune", "pack", "verify"}

func (s Stage) String() string { return stageNames[s] }

// withDefaults fills zero values in.
func (c Config) withDefaults() Config {
	c.SensImages = orDefault(c.SensImages, DefaultSensImages)
	c.Positions = orDefault(c.Positions, DefaultPositions)
	c.Threads = orDefault(c.Threads, 1)
	if c.ActBits == nil {
		c.ActBits = []uint8{8}
	}
	if c.Progress == nil {
		c.Progress = func(Stage, int, int) {}
	}
	return c
}

func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return v
}

// Validate checks the settings that do not depend on a network.
func (c Config) Validate() error {
	if err := checkBits(c.Bits); err != nil {
		return fmt.Errorf("quantize: candidate bits: %w", err)
	}
	if c.ActBits != nil {
		if err := checkBits(c.ActBits); err != nil {
			return fmt.Errorf("quantize: candidate bits of activations: %w", err)
		}
	}
	if c.Rounding >= numRoundings {
		return fmt.Errorf("quantize: invalid rounding %d", uint8(c.Rounding))
	}
	if c.Metric >= numMetrics {
		return fmt.Errorf("quantize: invalid metric %d", uint8(c.Metric))
	}
	if c.SensImages < 0 || c.SensDraws < 0 || c.Positions < 0 || c.Threads < 0 {
		return errors.New("quantize: counts of images, draws, positions and threads must not be negative")
	}
	if c.MaxDrop != 0 && !(c.MaxDrop > 0 && c.MaxDrop <= 100) {
		return fmt.Errorf("quantize: a drop of at most %v points, want 0 to 100", c.MaxDrop)
	}
	if err := c.Blocks.validate(); err != nil {
		return err
	}
	return c.Limits.validate()
}

func checkBits(bits []uint8) error {
	if len(bits) == 0 {
		return errors.New("none given, want some of 2 to 8")
	}
	for i, b := range bits {
		if b < 2 || b > 8 {
			return fmt.Errorf("%d, want 2 to 8", b)
		}
		if slices.Contains(bits[:i], b) {
			return fmt.Errorf("%d is given twice", b)
		}
	}
	return nil
}

// layer is a node with weights to quantize and its operands.
type layer struct {
	node *nn.Node
	nn.Operands
}

// weighted lists the layers of g that have weights, in execution order.
func weighted(g *nn.Graph) []layer {
	var ls []layer
	for _, n := range g.Nodes {
		if o, ok := n.Operands(); ok {
			ls = append(ls, layer{n, o})
		}
	}
	return ls
}
