package nn

import (
	"fmt"

	"mixq/tensor/kernel"
)

// MaxPool takes the largest value of each window; padding never wins.
// Inputs: x [N,C,H,W].
type MaxPool struct{ kernel.Pool2dParams }

// AvgPool takes the mean of each window. Inputs: x [N,C,H,W].
type AvgPool struct{ kernel.Pool2dParams }

// GlobalAvgPool takes the mean over H and W. Inputs: x [N,C,H,W]; output [N,C,1,1].
type GlobalAvgPool struct{}

// AdaptiveAvgPool takes means over windows that divide the input into OutH by
// OutW. Inputs: x [N,C,H,W].
type AdaptiveAvgPool struct {
	OutH int `json:"out_h"`
	OutW int `json:"out_w"`
}

// Kind is KindMaxPool.
func (*MaxPool) Kind() Kind { return KindMaxPool }
func (*MaxPool) op()        {}

// Kind is KindAvgPool.
func (*AvgPool) Kind() Kind { return KindAvgPool }
func (*AvgPool) op()        {}

// Kind is KindGlobalAvgPool.
func (*GlobalAvgPool) Kind() Kind { return KindGlobalAvgPool }
func (*GlobalAvgPool) op()        {}

// Kind is KindAdaptiveAvgPool.
func (*AdaptiveAvgPool) Kind() Kind { return KindAdaptiveAvgPool }
func (*AdaptiveAvgPool) op()        {}

// Infer gives [N,C,OH,OW].
func (o *MaxPool) Infer(in []Type) ([]Type, error) { return inferPool(in, o.Pool2dParams) }

// Infer gives [N,C,OH,OW].
func (o *AvgPool) Infer(in []Type) ([]Type, error) { return inferPool(in, o.Pool2dParams) }

func inferPool(in []Type, p kernel.Pool2dParams) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 4); err != nil {
		return nil, err
	}
	err := checkGeometry([]int{p.KernelH, p.KernelW, p.StrideH, p.StrideW},
		[]int{p.PadTop, p.PadLeft, p.PadBottom, p.PadRight})
	if err != nil {
		return nil, err
	}
	if p.PadTop >= p.KernelH || p.PadBottom >= p.KernelH || p.PadLeft >= p.KernelW || p.PadRight >= p.KernelW {
		return nil, fmt.Errorf("padding as large as the %dx%d window", p.KernelH, p.KernelW)
	}
	s := in[0].Shape
	oh, ow := p.OutSize(s[2], s[3])
	if oh < 1 || ow < 1 {
		return nil, fmt.Errorf("a %dx%d window does not fit the padded %v input", p.KernelH, p.KernelW, s)
	}
	return []Type{Real(s[0], s[1], oh, ow)}, nil
}

// Infer gives [N,C,1,1].
func (o *GlobalAvgPool) Infer(in []Type) ([]Type, error) {
	return (&AdaptiveAvgPool{OutH: 1, OutW: 1}).Infer(in)
}

// Infer gives [N,C,OutH,OutW].
func (o *AdaptiveAvgPool) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 4); err != nil {
		return nil, err
	}
	if err := checkGeometry([]int{o.OutH, o.OutW}, nil); err != nil {
		return nil, err
	}
	return []Type{Real(in[0].Shape[0], in[0].Shape[1], o.OutH, o.OutW)}, nil
}

// MACs is 0.
func (*MaxPool) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*AvgPool) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*GlobalAvgPool) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*AdaptiveAvgPool) MACs(_, _ []Type) int64 { return 0 }
