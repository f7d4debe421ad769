package models

import (
	"fmt"
	"strings"

	"mixq/nn"
	"mixq/tensor"
)

// Model describes one network.
type Model struct {
	Name    string // as users give it
	About   string // one line: architecture, variant, whose parameter names
	Classes int
	Input   Input

	// build appends the network to b, from images x to logits.
	build func(b *nn.Builder, x *nn.Value, classes int) *nn.Value
	// aux lists prefixes of parameters that published checkpoints have and the
	// graph does not need: heads that only helped training.
	aux []string
}

// Input is what the published weights of a network expect: RGB images of Size
// by Size pixels, cut from the centre after the shorter side was resized to
// Resize pixels (0: images come in the right size), with bytes b mapped to
// (b/255 − Mean)/Std per channel.
type Input struct {
	Size   int        `json:"size"`
	Resize int        `json:"resize,omitempty"`
	Mean   [3]float64 `json:"mean"`
	Std    [3]float64 `json:"std"`
}

// String is one line for people.
func (in Input) String() string {
	size := fmt.Sprintf("%dx%d", in.Size, in.Size)
	if in.Resize != 0 {
		size = fmt.Sprintf("%s of %d", size, in.Resize)
	}
	return fmt.Sprintf("%s, mean %v, std %v", size, in.Mean, in.Std)
}

// The inputs. torchvision's Inception-V3 and GoogLeNet checkpoints come from
// TensorFlow and convert normalised images to x/127.5 − 1 themselves
// (transform_input); the graphs here leave that to the input.
var (
	cifar    = Input{32, 0, imagenetMean, imagenetStd}
	imagenet = Input{224, 256, imagenetMean, imagenetStd}
	centred  = Input{224, 256, half, half}
	centred3 = Input{299, 342, half, half}

	imagenetMean = [3]float64{0.485, 0.456, 0.406}
	imagenetStd  = [3]float64{0.229, 0.224, 0.225}
	half         = [3]float64{0.5, 0.5, 0.5}
)

// ImageNetInput is what torchvision's networks for images of the given size
// expect.
func ImageNetInput(size int) Input {
	in := imagenet
	in.Size, in.Resize = size, (size*imagenet.Resize+imagenet.Size/2)/imagenet.Size
	return in
}

// registry lists the networks by family, smallest first: name, about, classes,
// input, build, aux.
var registry = []Model{
	{"resnet8", "CIFAR ResNet-8, option-A shortcuts", 10, cifar, cifarResNet(1), nil},
	{"resnet20", "CIFAR ResNet-20, option-A shortcuts", 10, cifar, cifarResNet(3), nil},
	{"resnet32", "CIFAR ResNet-32, option-A shortcuts", 10, cifar, cifarResNet(5), nil},
	{"resnet44", "CIFAR ResNet-44, option-A shortcuts", 10, cifar, cifarResNet(7), nil},
	{"resnet56", "CIFAR ResNet-56, option-A shortcuts", 10, cifar, cifarResNet(9), nil},
	{"resnet110", "CIFAR ResNet-110, option-A shortcuts", 10, cifar, cifarResNet(18), nil},

	{"resnet18", "ResNet-18, torchvision", 1000, imagenet, resnet(basicBlock, 2, 2, 2, 2), nil},
	{"resnet34", "ResNet-34, torchvision", 1000, imagenet, resnet(basicBlock, 3, 4, 6, 3), nil},
	{"resnet50", "ResNet-50 v1.5, torchvision", 1000, imagenet, resnet(bottleneck, 3, 4, 6, 3), nil},
	{"resnet101", "ResNet-101 v1.5, torchvision", 1000, imagenet, resnet(bottleneck, 3, 4, 23, 3), nil},
	{"resnet152", "ResNet-152 v1.5, torchvision", 1000, imagenet, resnet(bottleneck, 3, 8, 36, 3), nil},

	{"mobilenet_v1_025", "MobileNetV1, width 0.25, SAME padding", 1000, centred, mobileNetV1(0.25), nil},
	{"mobilenet_v1_050", "MobileNetV1, width 0.5, SAME padding", 1000, centred, mobileNetV1(0.5), nil},
	{"mobilenet_v1_075", "MobileNetV1, width 0.75, SAME padding", 1000, centred, mobileNetV1(0.75), nil},
	{"mobilenet_v1", "MobileNetV1, SAME padding", 1000, centred, mobileNetV1(1), nil},

	{"mobilenet_v2_050", "MobileNetV2, width 0.5, torchvision", 1000, imagenet, mobileNetV2(0.5, symmetric), nil},
	{"mobilenet_v2_075", "MobileNetV2, width 0.75, torchvision", 1000, imagenet, mobileNetV2(0.75, symmetric), nil},
	{"mobilenet_v2", "MobileNetV2, torchvision", 1000, imagenet, mobileNetV2(1, symmetric), nil},
	{"mobilenet_v2_140", "MobileNetV2, width 1.4, torchvision", 1000, imagenet, mobileNetV2(1.4, symmetric), nil},
	{"mobilenet_v2_tf", "MobileNetV2, SAME padding, torchvision names", 1000, centred, mobileNetV2(1, same), nil},

	{"squeezenet1_1", "SqueezeNet 1.1, torchvision", 1000, imagenet, squeezeNet, nil},
	{"googlenet", "GoogLeNet with batch-norm, torchvision", 1000, centred, googLeNet, []string{"aux1.", "aux2."}},
	{"inception_v3", "Inception-V3, torchvision", 1000, centred3, inceptionV3, []string{"AuxLogits."}},
}

// All returns the networks, by family, smallest first.
func All() []Model { return append([]Model(nil), registry...) }

// Names lists the networks that Find and Build know.
func Names() []string {
	names := make([]string, len(registry))
	for i, m := range registry {
		names[i] = m.Name
	}
	return names
}

// Find returns the named network. An unknown name is an error that lists the
// known ones.
func Find(name string) (Model, error) {
	for _, m := range registry {
		if m.Name == name {
			return m, nil
		}
	}
	return Model{}, fmt.Errorf("models: unknown network %q, want one of %s", name, strings.Join(Names(), ", "))
}

// Build returns the graph of the named network for one image, without weights.
// Its input is named "x".
func Build(name string) (*nn.Graph, error) {
	m, err := Find(name)
	if err != nil {
		return nil, err
	}
	return m.Build()
}

// Build returns the graph of m for one image, without weights.
func (m Model) Build() (*nn.Graph, error) {
	b := nn.NewBuilder(m.Name)
	x := b.Input("x", 1, 3, m.Input.Size, m.Input.Size)
	return b.Build(m.build(b, x, m.Classes))
}

// Load returns the graph of m with the weights of a checkpoint. Auxiliary heads
// are left out; otherwise the names and shapes must agree exactly (nn.Bind).
func (m Model) Load(weights map[string]*tensor.Tensor) (*nn.Graph, error) {
	g, err := m.Build()
	if err != nil {
		return nil, err
	}
	if err := nn.Bind(g, m.withoutAux(weights)); err != nil {
		return nil, err
	}
	return g, nil
}

// withoutAux is w without the parameters of auxiliary heads.
func (m Model) withoutAux(w map[string]*tensor.Tensor) map[string]*tensor.Tensor {
	kept := make(map[string]*tensor.Tensor, len(w))
	for name, t := range w {
		if !m.isAux(name) {
			kept[name] = t
		}
	}
	return kept
}

func (m Model) isAux(param string) bool {
	for _, prefix := range m.aux {
		if strings.HasPrefix(param, prefix) {
			return true
		}
	}
	return false
}

// Learned is the number of parameter elements that training finds by gradient,
// the number papers and torchvision print: all but running statistics.
func Learned(g *nn.Graph) int64 {
	n := g.NumParams()
	for _, node := range g.Nodes {
		if node.Op.Kind() == nn.KindBatchNorm {
			n -= 2 * int64(node.In[3].Type.Shape.Elems())
		}
	}
	return n
}
