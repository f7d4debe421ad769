package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"mixq/tensor"
)

// elemType is TensorProto.DataType.
type elemType = int64

const (
	typeFloat    elemType = 1
	typeUint8    elemType = 2
	typeInt8     elemType = 3
	typeInt32    elemType = 6
	typeInt64    elemType = 7
	typeBool     elemType = 9
	typeFloat16  elemType = 10
	typeDouble   elemType = 11
	typeBFloat16 elemType = 16
	typeUint4    elemType = 21
	typeInt4     elemType = 22
)

// elemEncoding is an element type with its raw form.
type elemEncoding struct {
	typ elemType
	enc tensor.Encoding
}

// elemTypes are the element types that are read.
var elemTypes = [...]elemEncoding{
	{typeFloat, tensor.EncF32}, {typeUint8, tensor.EncU8}, {typeInt8, tensor.EncI8}, {typeInt32, tensor.EncI32},
	{typeInt64, tensor.EncI64}, {typeBool, tensor.EncBool}, {typeFloat16, tensor.EncF16}, {typeDouble, tensor.EncF64},
	{typeBFloat16, tensor.EncBF16}, {typeUint4, tensor.EncU8}, {typeInt4, tensor.EncI8},
}

// constant is a tensor that is known before the network runs. It may be empty,
// which a tensor.Tensor may not.
type constant struct {
	dims []int
	data *tensor.Tensor // one dimension; nil if the constant is empty
}

func (c *constant) len() int { return elems(c.dims) }

func elems(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// floats are the elements of a real constant.
func (c *constant) floats() ([]float32, error) {
	switch {
	case c.data == nil:
		return nil, nil
	case c.data.DType() != tensor.Float32:
		return nil, fmt.Errorf("a constant is %v, want float32", c.data.DType())
	}
	return c.data.Float32(), nil
}

// ints are the elements of a constant of integers.
func (c *constant) ints() ([]int64, error) {
	if c.data == nil {
		return nil, nil
	}
	switch c.data.DType() {
	case tensor.Int64:
		return c.data.Int64(), nil
	case tensor.Int32:
		return widen(c.data.Int32()), nil
	case tensor.Int8:
		return widen(c.data.Int8()), nil
	case tensor.Uint8:
		return widen(c.data.Uint8()), nil
	}
	return nil, fmt.Errorf("a constant is %v, want integers", c.data.DType())
}

func widen[T int8 | uint8 | int32](x []T) []int64 {
	y := make([]int64, len(x))
	for i, v := range x {
		y[i] = int64(v)
	}
	return y
}

// intConstant is a list of integers.
func intConstant(v []int64, dims ...int) *constant {
	if len(v) == 0 {
		return &constant{dims: dims}
	}
	return &constant{dims: dims, data: tensor.FromInt64(v, len(v))}
}

func floatConstant(v []float32, dims ...int) *constant {
	if len(v) == 0 {
		return &constant{dims: dims}
	}
	return &constant{dims: dims, data: tensor.FromFloat32(v, len(v))}
}

// constants reads the tensors of a model.
type constants struct {
	dir    string // of the model, for tensors in other files; "" for none
	budget int64  // bytes that may still be allocated for what is derived from constants
	seen   map[string]bool
}

// budgetBase and budgetFactor make the budget of a model: its constants as
// float32, some of them transposed, and shapes.
const (
	budgetBase   = 8 << 20
	budgetFactor = 16
)

var errBudget = errors.New("the constants that the model computes take many times the memory of those that it holds")

// spend allows for n elements of up to eight bytes.
func (c *constants) spend(n int) error {
	if c.budget -= 8 * int64(n); c.budget < 0 {
		return errBudget
	}
	return nil
}

// read makes a constant of a tensor of the file.
func (c *constants) read(t *tensorProto) (*constant, error) {
	i := slices.IndexFunc(elemTypes[:], func(e elemEncoding) bool { return e.typ == t.kind })
	if i < 0 {
		return nil, UnsupportedError(fmt.Sprintf("element type %d", t.kind))
	}
	enc := elemTypes[i].enc
	out, err := t.empty()
	if err != nil || out.len() == 0 {
		return out, err
	}
	raw, err := c.raw(t, enc, out.len())
	if err != nil {
		return nil, err
	}
	out.data = tensor.New(enc.DType(), out.len())
	if err := enc.Decode(out.data, 0, raw); err != nil {
		return nil, FormatError(err.Error())
	}
	return out, nil
}

// empty makes a constant of the shape of t, without elements.
func (t *tensorProto) empty() (*constant, error) {
	out := &constant{dims: make([]int, len(t.dims))}
	n := int64(1)
	for i, d := range t.dims {
		if d < 0 || d > math.MaxInt32 || n*d > math.MaxInt32 {
			return nil, FormatError(fmt.Sprintf("shape %v", t.dims))
		}
		n *= d
		out.dims[i] = int(d)
	}
	if n > 0 && !(tensor.Shape{int(n)}).Valid() {
		return nil, UnsupportedError(fmt.Sprintf("shape %v is too large for this machine", t.dims))
	}
	return out, nil
}

// raw gives the n elements of t in their raw form, one byte for each of those of
// four bits.
func (c *constants) raw(t *tensorProto, enc tensor.Encoding, n int) (raw []byte, err error) {
	size := int64(n) * int64(enc.Size())
	if isNibble(t.kind) {
		size = (int64(n) + 1) / 2
	}
	switch {
	case t.location != 0:
		raw, err = c.external(t, n, size)
	case len(t.raw) > 0:
		raw = t.raw
	default:
		raw, err = t.listed(enc, n)
	}
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) != size {
		return nil, FormatError(fmt.Sprintf("shape %v takes %d bytes, there are %d", t.dims, size, len(raw)))
	}
	if isNibble(t.kind) {
		return unpackNibbles(raw, n, t.kind == typeInt4), c.spend(n)
	}
	return raw, nil
}

func isNibble(t elemType) bool { return t == typeInt4 || t == typeUint4 }

// unpackNibbles makes a byte of each of n elements of four bits, the lower ones
// first.
func unpackNibbles(b []byte, n int, signed bool) []byte {
	out := make([]byte, n)
	for i := range out {
		v := b[i/2] >> (4 * (i % 2)) & 15
		if signed {
			v = byte(int8(v<<4) >> 4)
		}
		out[i] = v
	}
	return out
}

// listed gives the raw form of elements that are in the list for their type.
func (t *tensorProto) listed(enc tensor.Encoding, n int) ([]byte, error) {
	count := func(have int) error {
		if have != n {
			return FormatError(fmt.Sprintf("shape %v, but %d elements", t.dims, have))
		}
		return nil
	}
	var b []byte
	switch t.kind {
	case typeFloat:
		for _, v := range t.f32 {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		return b, count(len(t.f32))
	case typeDouble:
		for _, v := range t.f64 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b, count(len(t.f64))
	case typeInt64:
		for _, v := range t.i64 {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
		return b, count(len(t.i64))
	}
	var buf [8]byte
	for _, v := range t.i32 { // bits of the element, in the low bytes
		binary.LittleEndian.PutUint64(buf[:], uint64(v))
		b = append(b, buf[:enc.Size()]...)
	}
	if isNibble(t.kind) {
		return b, nil // packed as raw ones are
	}
	return b, count(len(t.i32))
}

// external reads the size bytes of a tensor of n elements from the file that it
// names.
func (c *constants) external(t *tensorProto, n int, size int64) ([]byte, error) {
	var name string
	offset, length := int64(0), size
	for _, e := range t.external {
		var err error
		switch e.key {
		case "location":
			name = e.value
		case "offset":
			offset, err = strconv.ParseInt(e.value, 10, 64)
		case "length":
			length, err = strconv.ParseInt(e.value, 10, 64)
		}
		if err != nil {
			return nil, FormatError(fmt.Sprintf("external data: %s is %q", e.key, e.value))
		}
	}
	if offset < 0 || length != size {
		return nil, FormatError(fmt.Sprintf("external data: %d bytes at %d, want %d", length, offset, size))
	}
	if c.dir == "" {
		return nil, UnsupportedError("external data of a model that is not a file")
	}
	path := filepath.FromSlash(name)
	if !filepath.IsLocal(path) {
		return nil, FormatError(fmt.Sprintf("external data in %q, which is not below the folder of the model", name))
	}
	f, err := os.OpenInRoot(c.dir, path)
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	defer f.Close()
	return c.part(f, path, n, offset, size)
}

// part reads a part of an open file, after a check that it is there.
func (c *constants) part(f *os.File, path string, n int, offset, size int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || offset > info.Size()-size {
		return nil, FormatError(fmt.Sprintf("external data: %s has %d bytes, want %d from %d on", path, info.Size(), size, offset))
	}
	if !c.seen[path] {
		c.seen[path] = true
		c.budget += budgetFactor * info.Size()
	}
	if err := c.spend(n); err != nil {
		return nil, err
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("external data: %w", err)
	}
	return b, nil
}
