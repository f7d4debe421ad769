package train

import (
	"fmt"

	"mixq/autograd"
	"mixq/nn"
)

// runners holds, by nn.Kind, what records a layer on the tape.
var runners = [...]func(e *executor, n *nn.Node) (*autograd.Var, error){
	nn.KindConv2d:          runConv2d,
	nn.KindLinear:          runLinear,
	nn.KindBatchNorm:       runBatchNorm,
	nn.KindActivate:        runActivate,
	nn.KindMaxPool:         runMaxPool,
	nn.KindAvgPool:         runAvgPool,
	nn.KindGlobalAvgPool:   runGlobalAvgPool,
	nn.KindAdaptiveAvgPool: runAdaptiveAvgPool,
	nn.KindAdd:             runAdd,
	nn.KindMul:             runMul,
	nn.KindConcat:          runConcat,
	nn.KindPad:             runPad,
	nn.KindSubsample:       runSubsample,
	nn.KindSelect:          runSelect,
	nn.KindFlatten:         runFlatten,
	nn.KindSoftmax:         runSoftmax,
}

// unsupported are the kinds without a runner: rounding has no gradient. What
// gradient to use in its place is for quantize to say (autograd's Custom).
var unsupported = []nn.Kind{nn.KindQuantize, nn.KindDequantize}

func runConv2d(e *executor, n *nn.Node) (*autograd.Var, error) {
	op := n.Op.(*nn.Conv2d)
	o, _ := n.Operands()
	return e.tape.Conv2d(e.operand(o.X), e.operand(o.Weight), e.operand(o.Bias), e.operand(o.Residual), op.Conv2dParams, op.Act.Clamp()), nil
}

func runLinear(e *executor, n *nn.Node) (*autograd.Var, error) {
	op := n.Op.(*nn.Linear)
	o, _ := n.Operands()
	return e.tape.Linear(e.operand(o.X), e.operand(o.Weight), e.operand(o.Bias), op.Act.Clamp()), nil
}

func runBatchNorm(e *executor, n *nn.Node) (*autograd.Var, error) {
	eps := n.Op.(*nn.BatchNorm).Eps
	x, weight, bias := e.in(n, 0), e.in(n, 1), e.in(n, 2)
	if !e.train {
		return e.tape.BatchNorm(x, weight, bias, e.in(n, 3).Value, e.in(n, 4).Value, eps), nil
	}
	s := x.Value.Shape()
	count := s[0] * s[2] * s[3]
	if count < 2 {
		return nil, fmt.Errorf("one value per channel has no variance; train with a larger batch")
	}
	y, mean, variance := e.tape.BatchNormTrain(x, weight, bias, eps)
	e.pass.Stats = append(e.pass.Stats, Stats{n, mean, variance, count})
	return y, nil
}

func runActivate(e *executor, n *nn.Node) (*autograd.Var, error) {
	act := n.Op.(*nn.Activate).Act
	if !act.IsClamp() {
		return e.tape.Map(e.in(n, 0), act.Function()), nil
	}
	return e.tape.Activate(e.in(n, 0), act.Clamp()), nil
}

func runMaxPool(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.MaxPool(e.in(n, 0), n.Op.(*nn.MaxPool).Pool2dParams), nil
}

func runAvgPool(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.AvgPool(e.in(n, 0), n.Op.(*nn.AvgPool).Pool2dParams), nil
}

func runGlobalAvgPool(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.AdaptiveAvgPool(e.in(n, 0), 1, 1), nil
}

func runAdaptiveAvgPool(e *executor, n *nn.Node) (*autograd.Var, error) {
	op := n.Op.(*nn.AdaptiveAvgPool)
	return e.tape.AdaptiveAvgPool(e.in(n, 0), op.OutH, op.OutW), nil
}

func runAdd(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.Add(e.in(n, 0), e.in(n, 1), n.Op.(*nn.Add).Act.Clamp()), nil
}

func runMul(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.Mul(e.in(n, 0), e.in(n, 1)), nil
}

func runConcat(e *executor, n *nn.Node) (*autograd.Var, error) {
	xs := make([]*autograd.Var, len(n.In))
	for i := range xs {
		xs[i] = e.in(n, i)
	}
	return e.tape.Concat(xs...), nil
}

func runPad(e *executor, n *nn.Node) (*autograd.Var, error) {
	op := n.Op.(*nn.Pad)
	return e.tape.Pad(e.in(n, 0), op.Top, op.Left, op.Bottom, op.Right), nil
}

func runSubsample(e *executor, n *nn.Node) (*autograd.Var, error) {
	op := n.Op.(*nn.Subsample)
	return e.tape.Subsample(e.in(n, 0), op.Stride, op.Before, op.After), nil
}

func runSelect(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.Select(e.in(n, 0), n.Op.(*nn.Select).Channels), nil
}

func runFlatten(e *executor, n *nn.Node) (*autograd.Var, error) {
	x := e.in(n, 0)
	s := x.Value.Shape()
	return e.tape.Reshape(x, s[0], s[1:].Elems()), nil
}

func runSoftmax(e *executor, n *nn.Node) (*autograd.Var, error) {
	return e.tape.Softmax(e.in(n, 0)), nil
}
