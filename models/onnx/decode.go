package onnx

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxMessages bounds the parts of a model, which may take many times the two
// bytes of an empty one; large networks have some ten thousand.
const maxMessages = 1 << 20

// wireReader reads messages. Byte slices of the result share the memory of the
// input.
type wireReader struct{ messages int }

var errTooMany = errors.New("more parts than any network has")

// message reads all fields of m in b; unknown ones are passed over.
func (r *wireReader) message(b []byte, m message) error {
	if r.messages++; r.messages > maxMessages {
		return errTooMany
	}
	fields := m.fields()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return protowire.ParseError(n)
		}
		for _, f := range fields {
			if f.num != num {
				continue
			}
			if err := r.set(f.ptr, typ, b[:n]); err != nil {
				return fmt.Errorf("field %d of %T: %w", num, m, err)
			}
		}
		b = b[n:]
	}
	return nil
}

// set stores the value b of wire type typ, which is complete.
func (r *wireReader) set(ptr any, typ protowire.Type, b []byte) error {
	switch typ {
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(b)
		return setInt(ptr, int64(v))
	case protowire.Fixed32Type:
		v, _ := protowire.ConsumeFixed32(b)
		return setFloat(ptr, math.Float32frombits(v))
	case protowire.Fixed64Type:
		v, _ := protowire.ConsumeFixed64(b)
		return setDouble(ptr, math.Float64frombits(v))
	case protowire.BytesType:
		v, _ := protowire.ConsumeBytes(b)
		return r.setBytes(ptr, v)
	}
	return fmt.Errorf("wire type %d", typ)
}

func setInt(ptr any, v int64) error {
	switch p := ptr.(type) {
	case *int64:
		*p = v
	case *[]int64:
		*p = append(*p, v)
	default:
		return fmt.Errorf("an integer for a %T", ptr)
	}
	return nil
}

func setFloat(ptr any, v float32) error {
	switch p := ptr.(type) {
	case *float32:
		*p = v
	case *[]float32:
		*p = append(*p, v)
	default:
		return fmt.Errorf("a float for a %T", ptr)
	}
	return nil
}

func setDouble(ptr any, v float64) error {
	p, ok := ptr.(*[]float64)
	if !ok {
		return fmt.Errorf("a double for a %T", ptr)
	}
	*p = append(*p, v)
	return nil
}

// setBytes stores text, a message, or the elements of a packed list.
func (r *wireReader) setBytes(ptr any, b []byte) error {
	switch p := ptr.(type) {
	case *string:
		*p = string(b)
	case *[]string:
		*p = append(*p, string(b))
	case *[]byte:
		*p = b
	case message:
		return r.message(b, p)
	case list:
		return r.message(b, p.add())
	case *[]int64:
		return packed(b, protowire.ConsumeVarint, func(v uint64) { *p = append(*p, int64(v)) })
	case *[]float32:
		return packed(b, protowire.ConsumeFixed32, func(v uint32) { *p = append(*p, math.Float32frombits(v)) })
	case *[]float64:
		return packed(b, protowire.ConsumeFixed64, func(v uint64) { *p = append(*p, math.Float64frombits(v)) })
	default:
		return fmt.Errorf("bytes for a %T", ptr)
	}
	return nil
}

func packed[T any](b []byte, consume func([]byte) (T, int), add func(T)) error {
	for len(b) > 0 {
		v, n := consume(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		add(v)
		b = b[n:]
	}
	return nil
}
