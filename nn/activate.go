package nn

import (
	"fmt"
	"math"

	"mixq/tensor/kernel"
)

// Activation is an element-wise function in an Activate layer. Those that only
// bound a value (IsClamp) may be fused into the layer before it instead. The
// zero value is no activation.
type Activation uint8

// The activations.
const (
	NoAct Activation = iota
	ReLU
	ReLU6
	Sigmoid
	HardSigmoid
	HardSwish
	SiLU
	numActs
)

var acts = [numActs]struct {
	name     string
	clamp    kernel.Clamp
	function kernel.Function // of those that are not clamps
}{
	NoAct:       {name: "none", clamp: kernel.Clamp{Lo: float32(math.Inf(-1)), Hi: float32(math.Inf(1))}},
	ReLU:        {name: "relu", clamp: kernel.Clamp{Lo: 0, Hi: float32(math.Inf(1))}},
	ReLU6:       {name: "relu6", clamp: kernel.Clamp{Lo: 0, Hi: 6}},
	Sigmoid:     {name: "sigmoid", function: kernel.Function{F: kernel.Sigmoid, Derivative: kernel.SigmoidDerivative, Fast: kernel.SigmoidF32}},
	HardSigmoid: {name: "hardsigmoid", function: kernel.Function{F: kernel.HardSigmoid, Derivative: kernel.HardSigmoidDerivative, Fast: kernel.HardSigmoidF32}},
	HardSwish:   {name: "hardswish", function: kernel.Function{F: kernel.HardSwish, Derivative: kernel.HardSwishDerivative, Fast: kernel.HardSwishF32}},
	SiLU:        {name: "silu", function: kernel.Function{F: kernel.SiLU, Derivative: kernel.SiLUDerivative, Fast: kernel.SiLUF32}},
}

func (a Activation) String() string {
	if a >= numActs {
		return fmt.Sprintf("Activation(%d)", uint8(a))
	}
	return acts[a].name
}

// IsClamp reports whether a bounds values and does nothing else.
func (a Activation) IsClamp() bool { return a < numActs && acts[a].function.F == nil }

// Clamp gives the bounds that are the activation, if it IsClamp.
func (a Activation) Clamp() kernel.Clamp { return acts[a].clamp }

// Function gives the function that is the activation, if it is not a clamp.
func (a Activation) Function() kernel.Function { return acts[a].function }

// checkFused rejects what a layer cannot do to its output.
func (a Activation) checkFused() error {
	if !a.IsClamp() {
		return fmt.Errorf("activation %v cannot be fused; make it a layer", a)
	}
	return nil
}

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
