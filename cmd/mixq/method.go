package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mixq/nn"
	"mixq/quantize"
)

// method is what quantize and sensitivity have in common: a network, images to
// calibrate it on, and the settings of package quantize.
type method struct {
	network
	calib  int // images to calibrate on
	valid  int // images for a search by accuracy
	tune   int // images for tuning
	config quantize.Config
}

func (m *method) addFlags(c *cobra.Command) {
	f := c.Flags()
	m.network.addFlags(f)
	m.config.Bits = []uint8{2, 3, 4, 5, 6, 8}
	f.IntVar(&m.calib, "calib", 1024, "number of training images to calibrate on, chosen at random")
	m.data.addCalibRows(f)
	f.Var((*bitList)(&m.config.Bits), "bits", "candidate bit-widths of weights, any of 2 to 8")
	m.config.ActBits = []uint8{8}
	f.Var((*bitList)(&m.config.ActBits), "act-bits", "candidate bit-widths of activations, any of 2 to 8; only a limit of BOPs makes fewer than the most pay")
	(*ruleList)(&m.config.Rules).addFlag(f)
	f.TextVar(&m.config.Metric, "metric", quantize.FisherProjection, "`NAME` of the sensitivity metric: "+names(quantize.Metrics()))
	f.TextVar(&m.config.Rounding, "rounding", quantize.CoordinateDescent, "`HOW` weights become codes: "+names(quantize.Roundings()))
	f.BoolVar(&m.config.Equalize, "equalize", false, "even out the weights of layers that follow one another before quantization (cross-layer equalization)")
	f.BoolVar(&m.config.EqualizeActs, "equalize-acts", false, "scale the channels that only depthwise layers read to equal ranges, so that each uses all codes")
	f.IntVar(&m.config.Blocks.Steps, "block-steps", 0, fmt.Sprintf("training steps for each block of --rounding block; 0 means %d", quantize.DefaultBlockSteps))
	f.Float64Var(&m.config.Blocks.Drop, "block-drop", 0, "part of the activations that --rounding block leaves real in training (QDrop)")
	f.StringVar(&m.config.WorkDir, "work", "", "`DIR` that keeps the products of all steps, which a later run takes up")
	addSeed(f, &m.config.Seed)
	addThreads(f, &m.config.Threads)
}

// load reads the network and chooses the calibration images; bar will show how
// far the steps are.
func (m *method) load(bar *progress) (*nn.Graph, quantize.Batches, error) {
	m.showProgress(bar)
	g, err := m.network.load()
	if err != nil {
		return nil, nil, err
	}
	if m.config.Preprocess, err = json.Marshal(m.data.Preprocess); err != nil {
		return nil, nil, err
	}
	calib, err := m.data.calibration(m.calib, m.config.Seed)
	return g, calib, err
}

func (m *method) showProgress(bar *progress) {
	m.config.Progress = func(s quantize.Stage, done, total int) { bar.show(s.String(), done, total) }
}

// names lists all values of a setting, the default first.
func names[T fmt.Stringer](all []T) string {
	var ns []string
	for _, v := range all {
		ns = append(ns, v.String())
	}
	return strings.Join(ns, ", ")
}
