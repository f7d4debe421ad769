package infer

import (
	"fmt"

	"mixq/nn"
	"mixq/tensor"
	"mixq/tensor/kernel"
)

// layerU8 gathers what a convolution or linear layer with input in codes
// computes with. The weight must be quantized, the bias int32.
func (c *compiler) layerU8(n *nn.Node, act nn.Activation) (kernel.LayerU8, error) {
	o, _ := n.Operands()
	l := kernel.LayerU8{X: grid(o.X), Act: act.Clamp()}
	if o.Weight.Type.DType != tensor.Int8 || o.Weight.Type.Quant == nil {
		return l, fmt.Errorf("the input is quantized but %s is %v; quantize it or insert a dequantize layer", o.Weight.Name, o.Weight.Type)
	}
	l.Weight = o.Weight.Data.Codes(int(o.Weight.Type.Quant.Bits))
	var err error
	if l.WScale, l.WZero, err = perChannel(o.Weight); err != nil {
		return l, err
	}
	if b := o.Bias; b != nil {
		if b.Type.DType != tensor.Int32 {
			return l, fmt.Errorf("the input is quantized but %s is %v, want int32", b.Name, b.Type)
		}
		l.Bias = b.Data.Int32()
	}
	if y := n.Out[0]; y.Type.Quant != nil {
		g := grid(y)
		l.Y = &g
	}
	if r := o.Residual; r != nil {
		if l.Y == nil {
			return l, fmt.Errorf("a residual %s with a real output is not supported; quantize the output", r.Name)
		}
		g := grid(r)
		l.R = &g
	}
	return l, nil
}
