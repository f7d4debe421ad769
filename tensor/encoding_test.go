package tensor

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"
)

// TestHalf checks all 65,536 codes against the definition of binary16 written
// in float64 arithmetic.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		exp, man := h>>10&31, float64(h&1023)
		var want float64
		switch {
		case exp == 0:
			want = math.Ldexp(man, -24)
		case exp < 31:
			want = math.Ldexp(1024+man, exp-25)
		case man == 0:
			want = math.Inf(1)
		default:
			want = math.NaN()
		}
		got := float64(half(uint16(h)))
		if math.Signbit(got) != (h>>15 == 1) {
			t.Fatalf("half(%#04x) = %v has the wrong sign", h, got)
		}
		if got = math.Abs(got); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("half(%#04x) = %v, want %v", h, got, want)
		}
	}
}

func TestEncodingDecode(t *testing.T) {
	f64 := func(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }
	for _, tt := range []struct {
		name string
		enc  Encoding
		src  []byte
		want *Tensor
		err  string
	}{
		{"f32", EncF32, []byte{0, 0, 0x80, 0x3f}, FromFloat32([]float32{0, 1, 0}, 3), ""},
		{"f64", EncF64, f64(-0.1), FromFloat32([]float32{0, -0.1, 0}, 3), ""},
		{"f64 infinity", EncF64, f64(math.Inf(-1)), FromFloat32([]float32{0, float32(math.Inf(-1)), 0}, 3), ""},
		{"f64 too large", EncF64, f64(1e39), FromFloat32([]float32{0, 0, 0}, 3), "element 1 is 1e+39, outside the range of float32"},
		{"f16", EncF16, []byte{0x00, 0xc0}, FromFloat32([]float32{0, -2, 0}, 3), ""},
		{"bf16", EncBF16, []byte{0x80, 0xbf}, FromFloat32([]float32{0, -1, 0}, 3), ""},
		{"i8", EncI8, []byte{0x80}, FromInt8([]int8{0, -128, 0}, 3), ""},
		{"u8", EncU8, []byte{0x80}, FromUint8([]uint8{0, 128, 0}, 3), ""},
		{"i32", EncI32, []byte{1, 0, 0, 0x80}, FromInt32([]int32{0, math.MinInt32 + 1, 0}, 3), ""},
		{"i64", EncI64, []byte{2, 0, 0, 0, 0, 0, 0, 0x80}, FromInt64([]int64{0, math.MinInt64 + 2, 0}, 3), ""},
		{"bool", EncBool, []byte{1}, FromUint8([]uint8{0, 1, 0}, 3), ""},
		{"not a bool", EncBool, []byte{2}, FromUint8([]uint8{0, 0, 0}, 3), "element 1 is 2, not a boolean"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.enc.Size() != len(tt.src) || tt.enc.DType() != tt.want.DType() {
				t.Fatalf("Size, DType = %d, %v, want %d, %v", tt.enc.Size(), tt.enc.DType(), len(tt.src), tt.want.DType())
			}
			got := New(tt.enc.DType(), 3)
			err := tt.enc.Decode(got, 1, tt.src)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("error = %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Decode = %+v, want %+v", got, tt.want)
			}
		})
	}
}
