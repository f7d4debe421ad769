package infer

import (
	"errors"
	"fmt"
	"slices"

	"mixq/nn"
	"mixq/tensor/kernel"
)

// planFunc makes the step that computes node n.
type planFunc func(c *compiler, n *nn.Node) (step, error)

// ops has a row for every kind of layer: how it runs on real values, and how on
// codes. Either may be nil; TestCoverage knows which are.
var ops = [...]struct{ real, codes planFunc }{
	nn.KindConv2d:          {conv2dReal, conv2dCodes},
	nn.KindLinear:          {linearReal, linearCodes},
	nn.KindBatchNorm:       {batchNormReal, nil},
	nn.KindActivate:        {activateReal, activateCodes},
	nn.KindMaxPool:         {maxPoolReal, maxPoolCodes},
	nn.KindAvgPool:         {avgPoolReal, avgPoolCodes},
	nn.KindGlobalAvgPool:   {adaptiveAvgPoolReal, adaptiveAvgPoolCodes},
	nn.KindAdaptiveAvgPool: {adaptiveAvgPoolReal, adaptiveAvgPoolCodes},
	nn.KindAdd:             {addReal, addCodes},
	nn.KindMul:             {mulReal, mulCodes},
	nn.KindConcat:          {concatReal, concatCodes},
	nn.KindPad:             {padReal, padCodes},
	nn.KindSubsample:       {subsampleReal, subsampleCodes},
	nn.KindSelect:          {selectReal, selectCodes},
	nn.KindFlatten:         {nothing, flattenCodes},
	nn.KindSoftmax:         {softmaxReal, nil},
	nn.KindQuantize:        {quantizeReal, quantizeCodes},
	nn.KindDequantize:      {nothing, dequantizeCodes},
}

// planner picks how n runs from what its activations are.
func (c *compiler) planner(n *nn.Node) (planFunc, error) {
	reals, codes := 0, 0
	acts := activations(n)
	for _, v := range n.In {
		s := c.slots[v]
		switch isAct := slices.Contains(acts, v); {
		case isAct && s == nil:
			return nil, fmt.Errorf("parameter %s is used as an activation, which is not supported", v.Name)
		case !isAct && s != nil:
			return nil, fmt.Errorf("%s is computed, but must be a parameter", v.Name)
		case s == nil:
		case s.real:
			reals++
		default:
			codes++
		}
	}
	if reals > 0 && codes > 0 {
		return nil, errors.New("some inputs are quantized and some are not; insert a quantize or dequantize layer")
	}
	if reals > 0 && n.Op.Kind() != nn.KindQuantize && !c.slots[n.Out[0]].real {
		return nil, errors.New("the input is real but the output quantized; insert a quantize layer")
	}
	plan := ops[n.Op.Kind()].real
	if codes > 0 {
		plan = ops[n.Op.Kind()].codes
	}
	if plan == nil {
		return nil, fmt.Errorf("a %v of quantized values is not supported; fold it or insert a dequantize layer", n.Op.Kind())
	}
	return plan, nil
}

// wantCodes is an error if the output of a layer without a real-valued form of
// its integer sums is real.
func (c *compiler) wantCodes(n *nn.Node) error {
	if c.slots[n.Out[0]].real {
		return errors.New("the input is quantized but the output is not; quantize both or insert a dequantize layer")
	}
	return nil
}

// activations are the inputs of n that are not parameters.
func activations(n *nn.Node) []*nn.Value {
	if o, ok := n.Operands(); ok {
		if o.Residual != nil {
			return []*nn.Value{o.X, o.Residual}
		}
		return []*nn.Value{o.X}
	}
	if n.Op.Kind() == nn.KindBatchNorm {
		return n.In[:1]
	}
	return n.In
}

// grid is the grid of a quantized activation.
func grid(v *nn.Value) kernel.Grid {
	q := v.Type.Quant
	_, hi := nn.UnsignedRange(q.Bits)
	return kernel.Grid{Scale: q.Scale[0], Zero: q.Zero[0], Max: hi}
}
