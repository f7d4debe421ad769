package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encoding is an element type as files store it, little-endian. It is wider
// than DType: what has no DType is converted when it is read. The zero value
// is invalid.
type Encoding uint8

// The encodings, with the DType they are read as.
const (
	EncF32  Encoding = iota + 1 // Float32
	EncF64                      // Float32, rounded to nearest
	EncF16                      // Float32, exact
	EncBF16                     // Float32, exact
	EncI8                       // Int8
	EncU8                       // Uint8
	EncI32                      // Int32
	EncI64                      // Int64
	EncBool                     // Uint8, 0 or 1
)

var encodings = [...]struct {
	size   int
	dtype  DType
	decode func(dst *Tensor, at int, src []byte) error
}{
	EncF32:  {4, Float32, decodeF32},
	EncF64:  {8, Float32, decodeF64},
	EncF16:  {2, Float32, decodeF16},
	EncBF16: {2, Float32, decodeBF16},
	EncI8:   {1, Int8, decodeI8},
	EncU8:   {1, Uint8, decodeU8},
	EncI32:  {4, Int32, decodeI32},
	EncI64:  {8, Int64, decodeI64},
	EncBool: {1, Uint8, decodeBool},
}

// Valid reports whether e is one of the declared encodings.
func (e Encoding) Valid() bool { return e >= EncF32 && e <= EncBool }

// Size is the number of bytes of one element, 0 for an invalid Encoding.
func (e Encoding) Size() int {
	if !e.Valid() {
		return 0
	}
	return encodings[e].size
}

// DType is the element type that e is read as, 0 for an invalid Encoding.
func (e Encoding) DType() DType {
	if !e.Valid() {
		return 0
	}
	return encodings[e].dtype
}

// Decode reads the elements in src into dst from element at on. It panics if
// src is not whole elements, dst has another DType than e.DType() or not enough
// elements. It returns an error naming the element for a float64 outside the
// range of float32 and for a boolean that is not 0 or 1; infinities and NaNs
// pass.
func (e Encoding) Decode(dst *Tensor, at int, src []byte) error {
	if !e.Valid() || len(src)%encodings[e].size != 0 {
		panic("tensor: Encoding.Decode: not whole elements")
	}
	return encodings[e].decode(dst, at, src)
}

func decodeF32(dst *Tensor, at int, src []byte) error {
	d := dst.Float32()[at:][:len(src)/4]
	for i := range d {
		d[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
	return nil
}

func decodeF64(dst *Tensor, at int, src []byte) error {
	d := dst.Float32()[at:][:len(src)/8]
	for i := range d {
		v := math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
		d[i] = float32(v)
		if math.IsInf(float64(d[i]), 0) && !math.IsInf(v, 0) {
			return fmt.Errorf("element %d is %g, outside the range of float32", at+i, v)
		}
	}
	return nil
}

func decodeF16(dst *Tensor, at int, src []byte) error {
	d := dst.Float32()[at:][:len(src)/2]
	for i := range d {
		d[i] = half(binary.LittleEndian.Uint16(src[2*i:]))
	}
	return nil
}

func decodeBF16(dst *Tensor, at int, src []byte) error {
	d := dst.Float32()[at:][:len(src)/2]
	for i := range d {
		d[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
	return nil
}

func decodeI8(dst *Tensor, at int, src []byte) error {
	d := dst.Int8()[at:][:len(src)]
	for i, b := range src {
		d[i] = int8(b)
	}
	return nil
}

func decodeU8(dst *Tensor, at int, src []byte) error {
	copy(dst.Uint8()[at:][:len(src)], src)
	return nil
}

func decodeI32(dst *Tensor, at int, src []byte) error {
	d := dst.Int32()[at:][:len(src)/4]
	for i := range d {
		d[i] = int32(binary.LittleEndian.Uint32(src[4*i:]))
	}
	return nil
}

func decodeI64(dst *Tensor, at int, src []byte) error {
	d := dst.Int64()[at:][:len(src)/8]
	for i := range d {
		d[i] = int64(binary.LittleEndian.Uint64(src[8*i:]))
	}
	return nil
}

func decodeBool(dst *Tensor, at int, src []byte) error {
	d := dst.Uint8()[at:][:len(src)]
	for i, b := range src {
		if b > 1 {
			return fmt.Errorf("element %d is %d, not a boolean", at+i, b)
		}
		d[i] = b
	}
	return nil
}

// half is the value of an IEEE 754 binary16. A subnormal is its mantissa times
// 2^-24; otherwise the exponent moves from bias 15 to bias 127.
func half(h uint16) float32 {
	sign, exp, man := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 0:
		v := float32(man) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(v))
	case 31:
		return math.Float32frombits(sign | 255<<23 | man<<13)
	}
	return math.Float32frombits(sign | (exp-15+127)<<23 | man<<13)
}
