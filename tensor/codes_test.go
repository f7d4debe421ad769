package tensor

import (
	"slices"
	"testing"

	"mixq/tensor/kernel"
)

// TestCodes: a packed tensor reads as one of bytes does, whatever is made of it.
func TestCodes(t *testing.T) {
	codes := []int8{-4, 3, 0, -1, 2, 1, 3, -3, -2, 0, 1, -4}
	packed := kernel.Pack(codes, 2, 6, 3)
	x := FromCodes(packed, 2, 3, 2)
	for name, tt := range map[string]struct {
		got  *Tensor
		want []int8
	}{
		"itself":  {x, codes},
		"clone":   {x.Clone(), codes},
		"reshape": {x.Reshape(4, 3), codes},
		"slice":   {x.Slice(1, 2), codes[6:]},
	} {
		if got := tt.got.Int8(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: elements %v, want %v", name, got, tt.want)
		}
	}
	if x.PackedBits() != 3 || x.Clone().PackedBits() != 3 || FromInt8(codes, 12).PackedBits() != 0 {
		t.Error("PackedBits is not the width of packed codes")
	}
	if &x.Codes(3).Data[0] != &packed.Data[0] || &x.Clone().Codes(3).Data[0] == &packed.Data[0] {
		t.Error("Codes is not shared with the tensor, or with its clone")
	}
	for _, y := range []*Tensor{x, FromInt8(codes, 2, 6)} {
		if got, want := y.Codes(5), kernel.Pack(codes, 2, 6, 5); !slices.Equal(got.Data, want.Data) {
			t.Errorf("codes of 5 bits = %x, want %x", got.Data, want.Data)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("two rows of codes made a tensor of three")
		}
	}()
	FromCodes(packed, 3, 4)
}
