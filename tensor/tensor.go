// Package tensor holds contiguous, row-major arrays with a shape and an
// element type.
//
// A Tensor has no strides: a view is a range of the leading dimension, and
// every permutation copies. Arithmetic on whole operators lives one level
// below, in tensor/kernel, on plain slices.
//
// Misuse by Go code (a shape that does not match its data, the wrong accessor)
// panics; data from files is checked by the packages that read them.
package tensor

import (
	"fmt"
	"slices"

	"mixq/tensor/kernel"
)

// Tensor is a contiguous, row-major array. It is not safe for concurrent
// writes; concurrent reads are fine.
type Tensor struct {
	shape Shape
	dtype DType
	f32   []float32
	i8    []int8
	u8    []uint8
	i32   []int32
	i64   []int64

	packed kernel.PackedCodes // instead of i8 where it has data
}

// New returns a zeroed tensor. It panics if d or the shape is invalid.
func New(d DType, shape ...int) *Tensor {
	t := &Tensor{shape: Shape(shape).Clone(), dtype: d}
	if !t.shape.Valid() {
		panic(fmt.Sprintf("tensor: invalid shape %v", shape))
	}
	n := t.shape.Elems()
	switch d {
	case Float32:
		t.f32 = make([]float32, n)
	case Int8:
		t.i8 = make([]int8, n)
	case Uint8:
		t.u8 = make([]uint8, n)
	case Int32:
		t.i32 = make([]int32, n)
	case Int64:
		t.i64 = make([]int64, n)
	default:
		panic("tensor: New: invalid dtype")
	}
	return t
}

func wrap(d DType, n int, shape []int) *Tensor {
	t := &Tensor{shape: Shape(shape).Clone(), dtype: d}
	if !t.shape.Valid() || t.shape.Elems() != n {
		panic(fmt.Sprintf("tensor: %d elements do not make shape %v", n, shape))
	}
	return t
}

// FromFloat32 wraps data, without copying, in the given shape.
func FromFloat32(data []float32, shape ...int) *Tensor {
	t := wrap(Float32, len(data), shape)
	t.f32 = data
	return t
}

// FromInt8 wraps data, without copying, in the given shape.
func FromInt8(data []int8, shape ...int) *Tensor {
	t := wrap(Int8, len(data), shape)
	t.i8 = data
	return t
}

// FromCodes wraps packed codes, without copying, as an Int8 tensor whose rows are
// those of c. It panics if the shape has another leading dimension.
func FromCodes(c kernel.PackedCodes, shape ...int) *Tensor {
	t := wrap(Int8, c.Rows*c.Cols, shape)
	if rows, _ := t.shape.Rows(); rows != c.Rows {
		panic(fmt.Sprintf("tensor: %d rows of codes do not make shape %v", c.Rows, shape))
	}
	t.packed = c
	return t
}

// FromUint8 wraps data, without copying, in the given shape.
func FromUint8(data []uint8, shape ...int) *Tensor {
	t := wrap(Uint8, len(data), shape)
	t.u8 = data
	return t
}

// FromInt32 wraps data, without copying, in the given shape.
func FromInt32(data []int32, shape ...int) *Tensor {
	t := wrap(Int32, len(data), shape)
	t.i32 = data
	return t
}

// FromInt64 wraps data, without copying, in the given shape.
func FromInt64(data []int64, shape ...int) *Tensor {
	t := wrap(Int64, len(data), shape)
	t.i64 = data
	return t
}

// Shape returns the sizes; the caller must not change them.
func (t *Tensor) Shape() Shape { return t.shape }

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Len is the number of elements.
func (t *Tensor) Len() int { return t.shape.Elems() }

func (t *Tensor) want(d DType) {
	if t.dtype != d {
		panic(fmt.Sprintf("tensor: a %v tensor was read as %v", t.dtype, d))
	}
}

// Float32 returns the elements, shared with t. It panics on another dtype.
func (t *Tensor) Float32() []float32 { t.want(Float32); return t.f32 }

// Int8 returns the elements, shared with t unless its codes are packed. It panics
// on another dtype.
func (t *Tensor) Int8() []int8 {
	t.want(Int8)
	return t.unpacked()
}

func (t *Tensor) unpacked() []int8 {
	if t.packed.Data == nil {
		return t.i8
	}
	codes := make([]int8, t.Len())
	t.packed.Unpack(codes)
	return codes
}

// Codes returns the elements, which must fit in so many bits, packed with one row
// for every leading index. They are shared with t if that is how it holds them.
// It panics on another dtype than Int8.
func (t *Tensor) Codes(bits int) kernel.PackedCodes {
	t.want(Int8)
	if t.packed.Data != nil && t.packed.Bits == bits {
		return t.packed
	}
	rows, cols := t.shape.Rows()
	return kernel.Pack(t.unpacked(), rows, cols, bits)
}

// PackedBits is the width of the codes that t holds packed, 0 if it does not.
func (t *Tensor) PackedBits() int { return t.packed.Bits }

// Uint8 returns the elements, shared with t. It panics on another dtype.
func (t *Tensor) Uint8() []uint8 { t.want(Uint8); return t.u8 }

// Int32 returns the elements, shared with t. It panics on another dtype.
func (t *Tensor) Int32() []int32 { t.want(Int32); return t.i32 }

// Int64 returns the elements, shared with t. It panics on another dtype.
func (t *Tensor) Int64() []int64 { t.want(Int64); return t.i64 }

// Clone returns a deep copy.
func (t *Tensor) Clone() *Tensor {
	if t.packed.Data != nil {
		p := t.packed
		p.Data = slices.Clone(p.Data)
		return FromCodes(p, t.shape...)
	}
	c := New(t.dtype, t.shape...)
	copy(c.f32, t.f32)
	copy(c.i8, t.i8)
	copy(c.u8, t.u8)
	copy(c.i32, t.i32)
	copy(c.i64, t.i64)
	return c
}

// Reshape returns a tensor that shares t's elements under another shape of
// the same size. It panics if the sizes differ.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	r := wrap(t.dtype, t.Len(), shape)
	r.f32, r.i8, r.u8, r.i32, r.i64 = t.f32, t.unpacked(), t.u8, t.i32, t.i64
	return r
}

// Slice returns the view [lo, hi) of the leading dimension. It panics if the
// range is empty or out of bounds.
func (t *Tensor) Slice(lo, hi int) *Tensor {
	if len(t.shape) == 0 || lo < 0 || hi <= lo || hi > t.shape[0] {
		panic(fmt.Sprintf("tensor: slice [%d,%d) of %v", lo, hi, t.shape))
	}
	s := t.shape.Clone()
	row := t.Len() / s[0]
	s[0] = hi - lo
	r := &Tensor{shape: s, dtype: t.dtype}
	a, b := lo*row, hi*row
	switch t.dtype {
	case Float32:
		r.f32 = t.f32[a:b:b]
	case Int8:
		r.i8 = t.unpacked()[a:b:b]
	case Uint8:
		r.u8 = t.u8[a:b:b]
	case Int32:
		r.i32 = t.i32[a:b:b]
	case Int64:
		r.i64 = t.i64[a:b:b]
	}
	return r
}
