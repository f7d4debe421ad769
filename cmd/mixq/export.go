package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"mixq/infer/artifact"
	"mixq/models/onnx"
)

func newExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE.mixq OUT.onnx",
		Short: "Write a quantized network as ONNX",
		Long: `Write a .mixq file as an ONNX model with QuantizeLinear and DequantizeLinear
nodes (QDQ), for other runtimes. Weights of 4 bits or fewer become tensors of
four bits, which needs opset 21, others int8. The input of the model is real
values, pixels as they are after normalisation.`,
		Example: `  mixq export resnet20.mixq resnet20.onnx`,
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if !isONNX(args[1]) {
				return fmt.Errorf("%s: only .onnx files can be written", args[1])
			}
			g, _, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			return onnx.Write(args[1], g)
		},
	}
}
