package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// appendMessage appends the fields of m to b; zeros are left out unless they
// must be present.
func appendMessage(b []byte, m message) []byte {
	for _, f := range m.fields() {
		b = appendField(b, f)
	}
	return b
}

func appendField(b []byte, f field) []byte {
	switch p := f.ptr.(type) {
	case *int64:
		if *p != 0 || f.present {
			b = protowire.AppendTag(b, f.num, protowire.VarintType)
			b = protowire.AppendVarint(b, uint64(*p))
		}
	case *float32:
		if *p != 0 || f.present {
			b = protowire.AppendTag(b, f.num, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(*p))
		}
	case *string:
		if *p != "" || f.present {
			b = appendBytes(b, f.num, []byte(*p))
		}
	case *[]string:
		for _, s := range *p {
			b = appendBytes(b, f.num, []byte(s))
		}
	case *[]byte:
		if len(*p) > 0 {
			b = appendBytes(b, f.num, *p)
		}
	case message:
		if body := appendMessage(nil, p); len(body) > 0 || f.present {
			b = appendBytes(b, f.num, body)
		}
	case list:
		for i := range p.size() {
			b = appendBytes(b, f.num, appendMessage(nil, p.at(i)))
		}
	case *[]int64:
		b = appendPacked(b, f.num, *p, func(b []byte, v int64) []byte { return protowire.AppendVarint(b, uint64(v)) })
	case *[]float32:
		b = appendPacked(b, f.num, *p, func(b []byte, v float32) []byte { return protowire.AppendFixed32(b, math.Float32bits(v)) })
	case *[]float64:
		b = appendPacked(b, f.num, *p, func(b []byte, v float64) []byte { return protowire.AppendFixed64(b, math.Float64bits(v)) })
	default:
		panic(fmt.Sprintf("onnx: field of type %T", f.ptr))
	}
	return b
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func appendPacked[T any](b []byte, num protowire.Number, vs []T, appendOne func([]byte, T) []byte) []byte {
	if len(vs) == 0 {
		return b
	}
	var body []byte
	for _, v := range vs {
		body = appendOne(body, v)
	}
	return appendBytes(b, num, body)
}
