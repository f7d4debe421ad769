package nn

import "fmt"

// Pad adds zeros (the real number 0) around H and W. Inputs: x [N,C,H,W].
type Pad struct {
	Top    int `json:"top,omitempty"`
	Left   int `json:"left,omitempty"`
	Bottom int `json:"bottom,omitempty"`
	Right  int `json:"right,omitempty"`
}

// Subsample keeps every Stride-th row and column and adds channels of zeros
// before and after: the option-A shortcut of CIFAR ResNets (He et al. 2016,
// section 4.2). Inputs: x [N,C,H,W]; output [N,Before+C+After,⌈H/Stride⌉,⌈W/Stride⌉].
type Subsample struct {
	Stride int `json:"stride"`
	Before int `json:"before,omitempty"`
	After  int `json:"after,omitempty"`
}

// Select makes channel i of the output of channel Channels[i] of the input: it
// cuts, repeats and shuffles channels. Inputs: x [N,C,H,W] or [N,C].
type Select struct {
	Channels []int `json:"channels"`
}

// Flatten makes [N, everything else]. Inputs: x.
type Flatten struct{}

// Softmax is exp(x)/sum exp(x) over the last dimension. Inputs: x [N,I].
type Softmax struct{}

// Kind is KindPad.
func (*Pad) Kind() Kind { return KindPad }
func (*Pad) op()        {}

// Kind is KindSubsample.
func (*Subsample) Kind() Kind { return KindSubsample }
func (*Subsample) op()        {}

// Kind is KindSelect.
func (*Select) Kind() Kind { return KindSelect }
func (*Select) op()        {}

// Kind is KindFlatten.
func (*Flatten) Kind() Kind { return KindFlatten }
func (*Flatten) op()        {}

// Kind is KindSoftmax.
func (*Softmax) Kind() Kind { return KindSoftmax }
func (*Softmax) op()        {}

// Infer enlarges H and W.
func (o *Pad) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 4); err != nil {
		return nil, err
	}
	if err := checkGeometry(nil, []int{o.Top, o.Left, o.Bottom, o.Right}); err != nil {
		return nil, err
	}
	s := in[0].Shape
	return []Type{Real(s[0], s[1], s[2]+o.Top+o.Bottom, s[3]+o.Left+o.Right)}, nil
}

// Infer divides H and W by the stride, rounding up, and adds the channels.
func (o *Subsample) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 4); err != nil {
		return nil, err
	}
	if err := checkGeometry([]int{o.Stride}, []int{o.Before, o.After}); err != nil {
		return nil, err
	}
	s := in[0].Shape
	up := func(n int) int { return (n + o.Stride - 1) / o.Stride }
	return []Type{Real(s[0], o.Before+s[1]+o.After, up(s[2]), up(s[3]))}, nil
}

// Infer has as many channels as there are in the list.
func (o *Select) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 4, 2); err != nil {
		return nil, err
	}
	s := in[0].Shape.Clone()
	if len(o.Channels) == 0 {
		return nil, fmt.Errorf("no channels")
	}
	for _, c := range o.Channels {
		if c < 0 || c >= s[1] {
			return nil, fmt.Errorf("channel %d of an input of %v", c, s)
		}
	}
	s[1] = len(o.Channels)
	return []Type{Real(s...)}, nil
}

// Infer keeps N and multiplies the rest.
func (o *Flatten) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	s := in[0].Shape
	if len(s) < 2 {
		return nil, fmt.Errorf("input is %v, want at least 2 dimensions", s)
	}
	return []Type{Real(s[0], s[1:].Elems())}, nil
}

// Infer keeps the shape.
func (o *Softmax) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if err := rank(in[0], "input", 2); err != nil {
		return nil, err
	}
	return []Type{Real(in[0].Shape...)}, nil
}

// MACs is 0.
func (*Pad) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Subsample) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Select) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Flatten) MACs(_, _ []Type) int64 { return 0 }

// MACs is 0.
func (*Softmax) MACs(_, _ []Type) int64 { return 0 }
