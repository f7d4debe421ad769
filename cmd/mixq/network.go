package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"mixq/dataset"
	"mixq/models"
	"mixq/models/onnx"
	"mixq/models/safetensors"
	"mixq/nn"
)

// network is a trained network and the image set that it is for, as flags name
// them. The zero value is the demo network.
type network struct {
	model   model
	weights string
	data    data
}

func (n *network) addFlags(f *pflag.FlagSet) {
	f.Var(&n.model, "model", "network (see mixq models), or FILE.onnx, which has its own weights")
	f.StringVar(&n.weights, "weights", "", "`FILE` of trained weights: safetensors or a PyTorch checkpoint")
	n.data.addFlags(f)
}

// load builds the network and gives it its weights and its pixel table.
func (n *network) load() (*nn.Graph, error) {
	if n.model.Name == "" {
		return n.loadDemo()
	}
	g, in, err := n.model.load(n.weights)
	if err != nil {
		return nil, err
	}
	return n.withPixels(g, in)
}

// checkWeights checks that weights are given if the model needs them.
func (n *network) checkWeights() error {
	if needed := n.model.Name != "" && !n.model.isFile; needed != (n.weights != "") {
		return errors.New("--model NAME goes with --weights, --model FILE.onnx without")
	}
	return nil
}

// load builds the network with the weights in a file, or reads both from an
// ONNX file, and says what images it expects.
func (m model) load(weights string) (*nn.Graph, models.Input, error) {
	if m.isFile {
		return m.read()
	}
	g, err := loadWeights(m.Model, weights)
	return g, m.Input, err
}

// random builds the network with random weights; an ONNX file has its own.
func (m model) random(seed uint64) (*nn.Graph, models.Input, error) {
	if m.isFile {
		return m.read()
	}
	g, err := randomNetwork(m.Model, seed)
	return g, m.Input, err
}

// read reads an ONNX file. It does not say how images are normalised; most
// networks expect what torchvision's do.
func (m model) read() (g *nn.Graph, in models.Input, err error) {
	if g, err = onnx.Read(m.Name); err != nil {
		return nil, in, err
	}
	// A softmax at the end is the caller's: accuracy does not need it, and
	// quantization wants the logits.
	if last := g.Nodes[len(g.Nodes)-1]; last.Op.Kind() == nn.KindSoftmax && slices.Equal(g.Outputs, last.Out) {
		if g, err = g.Extract(g.Inputs, last.In); err != nil {
			return nil, in, err
		}
	}
	s := g.Inputs[0].Type.Shape
	if len(g.Inputs) != 1 || len(s) != 4 || s[1] != 3 || s[2] != s[3] {
		return nil, in, fmt.Errorf("%s: input %s is %v, want one of square RGB images", m.Name, g.Inputs[0].Name, s)
	}
	return g, models.ImageNetInput(s[2]), nil
}

// withPixels makes g take the images of n; in is what its weights expect.
func (n *network) withPixels(g *nn.Graph, in models.Input) (*nn.Graph, error) {
	if err := n.data.prepare(preprocessing(in)); err != nil {
		return nil, err
	}
	g.Pixels = n.data.Preprocess.Table()
	return g, fits(g, n.data.Source)
}

// loadWeights builds m with the weights in a file.
func loadWeights(m models.Model, path string) (*nn.Graph, error) {
	w, err := readWeights(path)
	if err != nil {
		return nil, err
	}
	g, err := m.Load(w)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return g, nil
}

// The demo network; demo/README.md says how it was trained.
const (
	demoModel   = "resnet8"
	demoData    = "shapes"
	demoWeights = "demo/resnet8-shapes.safetensors"
)

//go:embed demo
var demoFiles embed.FS

func (n *network) loadDemo() (*nn.Graph, error) {
	b, err := demoFiles.ReadFile(demoWeights)
	if err != nil {
		return nil, err
	}
	f, err := safetensors.Decode(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	m, err := models.Find(demoModel)
	if err != nil {
		return nil, err
	}
	g, err := m.Load(f.Tensors)
	if err != nil {
		return nil, err
	}
	if err := n.data.Set(demoData); err != nil {
		return nil, err
	}
	return n.withPixels(g, m.Input)
}

// fits checks that g takes the images of a set and tells its classes apart.
func fits(g *nn.Graph, s dataset.Source) error {
	in, out := g.Inputs[0].Type.Shape, g.Outputs[0].Type.Shape
	if !in[1:].Equal(s.Shape) {
		return fmt.Errorf("--data %s: images are %v, %s takes %v", s.Spec, s.Shape, g.Name, in[1:])
	}
	if classes := out[len(out)-1]; s.Classes != nil && classes != len(s.Classes) {
		return fmt.Errorf("--data %s: the set has %d classes, %s has %d", s.Spec, len(s.Classes), g.Name, classes)
	}
	return nil
}
