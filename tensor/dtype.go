package tensor

import "fmt"

// DType is the element type of a Tensor. The zero value is invalid.
type DType uint8

// The element types a Tensor can hold. Half-precision and float64 files are
// converted to Float32 when they are read.
const (
	Float32 DType = iota + 1
	Int8
	Uint8
	Int32
	Int64
)

var dtypes = [...]struct {
	name string
	size int
}{Float32: {"float32", 4}, Int8: {"int8", 1}, Uint8: {"uint8", 1}, Int32: {"int32", 4}, Int64: {"int64", 8}}

// Valid reports whether d is one of the declared element types.
func (d DType) Valid() bool { return d >= Float32 && d <= Int64 }

// Size is the number of bytes of one element, 0 for an invalid DType.
func (d DType) Size() int {
	if !d.Valid() {
		return 0
	}
	return dtypes[d].size
}

func (d DType) String() string {
	if !d.Valid() {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return dtypes[d].name
}

// MarshalText writes the name of d; it fails for an invalid DType.
func (d DType) MarshalText() ([]byte, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("tensor: invalid dtype %d", uint8(d))
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads the name written by MarshalText.
func (d *DType) UnmarshalText(b []byte) error {
	for i, t := range dtypes {
		if t.name != "" && t.name == string(b) {
			*d = DType(i)
			return nil
		}
	}
	return fmt.Errorf("tensor: unknown dtype %q", b)
}
