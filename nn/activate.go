package nn

import (
	"fmt"
	"math"

	"mixq/tensor/kernel"
)

// Activation is an element-wise function, alone in an Activate layer or fused
// into the layer before it. The zero value is no activation.
type Activation uint8

// The activations.
const (
	NoAct Activation = iota
	ReLU
	ReLU6
	numActs
)

var acts = [numActs]struct {
	name  string
	clamp kernel.Clamp
}{
	NoAct: {"none", kernel.Clamp{Lo: float32(math.Inf(-1)), Hi: float32(math.Inf(1))}},
	ReLU:  {"relu", kernel.Clamp{Lo: 0, Hi: float32(math.Inf(1))}},
	ReLU6: {"relu6", kernel.Clamp{Lo: 0, Hi: 6}},
}

func (a Activation) String() string {
	if a >= numActs {
		return fmt.Sprintf("Activation(%d)", uint8(a))
	}
	return acts[a].name
}

// Clamp gives the bounds of the real values that a can return; applying them
// is the activation itself.
func (a Activation) Clamp() kernel.Clamp { return acts[a].clamp }

// MarshalText writes the name of a.
func (a Activation) MarshalText() ([]byte, error) {
	if a >= numActs {
		return nil, fmt.Errorf("nn: invalid activation %d", uint8(a))
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads the name of an activation.
func (a *Activation) UnmarshalText(b []byte) error {
	for i, t := range acts {
		if t.name == string(b) {
			*a = Activation(i)
			return nil
		}
	}
	return fmt.Errorf("nn: unknown activation %q", b)
}

// Activate applies an activation to a value of any shape. Inputs: x.
type Activate struct {
	Act Activation `json:"act,omitempty"`
}

// Kind is KindActivate.
func (*Activate) Kind() Kind { return KindActivate }
func (*Activate) op()        {}

// Infer keeps the shape.
func (o *Activate) Infer(in []Type) ([]Type, error) {
	if err := arity(in, 1); err != nil {
		return nil, err
	}
	if o.Act >= numActs {
		return nil, fmt.Errorf("invalid activation %d", uint8(o.Act))
	}
	return []Type{Real(in[0].Shape...)}, nil
}

// MACs is 0.
func (*Activate) MACs(_, _ []Type) int64 { return 0 }
