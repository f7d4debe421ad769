package nn

import (
	"encoding/json"
	"fmt"
)

// Op holds the attributes of a layer. The set is closed; the struct of an op
// is also its JSON form. Ops are immutable: a pass that changes one replaces it.
type Op interface {
	Kind() Kind
	// Infer checks number, shapes and element types of the inputs and returns
	// the real-valued types of the outputs. Which outputs are quantized, and
	// how, is not inferred: passes write it to the values.
	Infer(in []Type) ([]Type, error)
	// MACs is the number of multiply-accumulates for inputs and outputs of
	// these types; element-wise work counts as none.
	MACs(in, out []Type) int64
	op()
}

// Kind enumerates the ops; the zero Kind is invalid.
type Kind uint8

// The kinds of layers. Tables indexed by Kind in other packages must have a
// row for each (see Kinds).
const (
	KindConv2d Kind = iota + 1
	KindLinear
	KindBatchNorm
	KindActivate
	KindMaxPool
	KindAvgPool
	KindGlobalAvgPool
	KindAdaptiveAvgPool
	KindAdd
	KindMul
	KindConcat
	KindPad
	KindSubsample
	KindSelect
	KindFlatten
	KindSoftmax
	KindQuantize
	KindDequantize
	numKinds
)

var kinds = [numKinds]struct {
	name string
	zero func() Op
	// codesMove: the output holds codes of the input unchanged (or its zero
	// point), so it has the input's Quant (NUMERICS.md 8).
	codesMove bool
}{
	KindConv2d:          {"conv2d", func() Op { return &Conv2d{} }, false},
	KindLinear:          {"linear", func() Op { return &Linear{} }, false},
	KindBatchNorm:       {"batchnorm", func() Op { return &BatchNorm{} }, false},
	KindActivate:        {"activate", func() Op { return &Activate{} }, false},
	KindMaxPool:         {"maxpool", func() Op { return &MaxPool{} }, true},
	KindAvgPool:         {"avgpool", func() Op { return &AvgPool{} }, false},
	KindGlobalAvgPool:   {"globalavgpool", func() Op { return &GlobalAvgPool{} }, false},
	KindAdaptiveAvgPool: {"adaptiveavgpool", func() Op { return &AdaptiveAvgPool{} }, false},
	KindAdd:             {"add", func() Op { return &Add{} }, false},
	KindMul:             {"mul", func() Op { return &Mul{} }, false},
	KindConcat:          {"concat", func() Op { return &Concat{} }, true},
	KindPad:             {"pad", func() Op { return &Pad{} }, true},
	KindSubsample:       {"subsample", func() Op { return &Subsample{} }, true},
	KindSelect:          {"select", func() Op { return &Select{} }, true},
	KindFlatten:         {"flatten", func() Op { return &Flatten{} }, true},
	KindSoftmax:         {"softmax", func() Op { return &Softmax{} }, false},
	KindQuantize:        {"quantize", func() Op { return &Quantize{} }, false},
	KindDequantize:      {"dequantize", func() Op { return &Dequantize{} }, false},
}

// Kinds lists every kind, for tables and their coverage tests.
func Kinds() []Kind {
	ks := make([]Kind, 0, numKinds-1)
	for k := Kind(1); k < numKinds; k++ {
		ks = append(ks, k)
	}
	return ks
}

// Valid reports whether k is one of the declared kinds.
func (k Kind) Valid() bool { return k > 0 && k < numKinds }

func (k Kind) String() string {
	if !k.Valid() {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kinds[k].name
}

// CodesMove reports whether a layer of this kind only moves codes, so that its
// quantized output has exactly its input's grid.
func (k Kind) CodesMove() bool { return k.Valid() && kinds[k].codesMove }

// MarshalText writes the name of k.
func (k Kind) MarshalText() ([]byte, error) {
	if !k.Valid() {
		return nil, fmt.Errorf("nn: invalid kind %d", uint8(k))
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads the name of a kind.
func (k *Kind) UnmarshalText(b []byte) error {
	for _, c := range Kinds() {
		if c.String() == string(b) {
			*k = c
			return nil
		}
	}
	return fmt.Errorf("nn: unknown kind of layer %q", b)
}

// DecodeOp reads the JSON form of an op of kind k; unknown kinds and attributes
// of the wrong type are errors.
func DecodeOp(k Kind, attrs json.RawMessage) (Op, error) {
	if !k.Valid() {
		return nil, fmt.Errorf("nn: invalid kind %d", uint8(k))
	}
	op := kinds[k].zero()
	if len(attrs) == 0 {
		return op, nil
	}
	if err := json.Unmarshal(attrs, op); err != nil {
		return nil, fmt.Errorf("nn: attributes of a %v: %w", k, err)
	}
	return op, nil
}

// arity is a check shared by the ops with a fixed number of inputs.
func arity(in []Type, want int) error {
	if len(in) != want {
		return fmt.Errorf("%d inputs, want %d", len(in), want)
	}
	return nil
}

// rank checks that a type has one of the given ranks.
func rank(t Type, what string, want ...int) error {
	for _, r := range want {
		if len(t.Shape) == r {
			return nil
		}
	}
	return fmt.Errorf("%s is %v, want %d dimensions", what, t.Shape, want[0])
}
