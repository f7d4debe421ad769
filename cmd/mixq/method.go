package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"mixq/dataset"
	"mixq/nn"
	"mixq/quantize"
)

// method is what quantize and sensitivity have in common: a network, images to
// calibrate it on, and the settings of package quantize.
type method struct {
	network
	calib  int
	config quantize.Config
}

func (m *method) addFlags(c *cobra.Command) {
	f := c.Flags()
	m.network.addFlags(f)
	c.MarkFlagsRequiredTogether("model", "weights", "data")
	m.config.Bits = []uint8{2, 3, 4, 5, 6, 8}
	f.IntVar(&m.calib, "calib", 1024, "number of training images to calibrate on")
	f.Var((*bitList)(&m.config.Bits), "bits", "candidate bit-widths of weights, any of 2 to 8")
	f.Uint8Var(&m.config.ActBits, "act-bits", 8, "bit-width of activations")
	f.Var((*ruleList)(&m.config.Rules), "rule", "candidate bit-widths of the layers that GLOB matches; repeatable, later rules win")
	f.TextVar(&m.config.Rounding, "rounding", quantize.GramTwoStream, "`gram` or nearest")
	f.StringVar(&m.config.WorkDir, "work", "", "`DIR` that keeps the products of all steps, which a later run takes up")
	addSeed(f, &m.config.Seed)
	addThreads(f, &m.config.Threads)
}

// load reads the network and chooses calibration images. What goes wrong later
// is not the command line's fault.
func (m *method) load() (*nn.Graph, quantize.Batches, error) {
	g, err := m.network.load()
	if err != nil {
		return nil, nil, err
	}
	m.config.Preprocess, err = json.Marshal(m.data.Preprocess)
	if err != nil {
		return nil, nil, err
	}
	train, err := m.data.Load(dataset.Train)
	if err != nil {
		return nil, nil, err
	}
	if m.calib < 1 || m.calib > train.Len() {
		return nil, nil, fmt.Errorf("--calib %d: want 1 to %d, the number of training images", m.calib, train.Len())
	}
	return g, dataset.Batches(train, dataset.Order(train.Len(), m.config.Seed)[:m.calib], batch), nil
}

// batch is the number of images that are read and run together.
const batch = 128

// firstImages yields the first n images of a set in order; all, if n is 0.
func firstImages(d dataset.Dataset, n int) (quantize.Batches, int, error) {
	switch {
	case n < 0 || n > d.Len():
		return nil, 0, fmt.Errorf("--limit %d: want at most %d, the number of test images", n, d.Len())
	case n == 0:
		n = d.Len()
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return dataset.Batches(d, order, batch), n, nil
}
