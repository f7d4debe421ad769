package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mixq/models/onnx"
	"mixq/models/safetensors"
	"mixq/models/torchfile"
	"mixq/nn"
	"mixq/tensor"
)

func newConvert() *cobra.Command {
	var m model
	c := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Write weights or a network in another format",
		Long: `Read safetensors, a PyTorch checkpoint or an ONNX model and write what the
extension of OUT says: .safetensors, .pth, .pt or .th, or .onnx. To become an
ONNX model, weights need --model, the network that they are of.`,
		Example: `  mixq convert resnet20.th resnet20.safetensors
  mixq convert --model resnet18 resnet18.pth resnet18.onnx
  mixq convert resnet18.onnx resnet18.pth`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if isONNX(args[1]) {
				g, err := m.readNetwork(args[0])
				if err != nil {
					return err
				}
				return onnx.Write(args[1], g)
			}
			w, err := readWeights(args[0])
			if err != nil {
				return err
			}
			return writeWeights(args[1], w)
		},
	}
	c.Flags().Var(&m, "model", "network (see mixq models) that the weights are of")
	return c
}

func isONNX(path string) bool { return strings.EqualFold(filepath.Ext(path), ".onnx") }

// readNetwork reads an ONNX model, or the weights of m.
func (m model) readNetwork(path string) (*nn.Graph, error) {
	form, err := sniff(path)
	switch {
	case err != nil:
		return nil, err
	case form == formatONNX:
		return onnx.Read(path)
	case m.Name == "" || m.isFile:
		return nil, fmt.Errorf("%s: weights alone are no network; give --model NAME", path)
	}
	return loadWeights(m.Model, path)
}

// writeWeights writes named tensors in the format of the path's extension.
func writeWeights(path string, w map[string]*tensor.Tensor) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".safetensors":
		return safetensors.Write(path, w, nil)
	case ".pth", ".pt", ".th":
		return torchfile.Write(path, w)
	}
	return fmt.Errorf("%s: want a name that ends in .safetensors, .pth, .pt, .th or .onnx", path)
}
