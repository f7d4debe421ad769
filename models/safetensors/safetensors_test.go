package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mixq/internal/golden"
	"mixq/tensor"
)

// file joins a header and a data section by hand.
func file(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func decode(b []byte) (*File, error) { return Decode(bytes.NewReader(b), int64(len(b))) }

// sample holds every dtype, a scalar, a long name and special values.
func sample() (map[string]*tensor.Tensor, map[string]string) {
	nan := math.Float32frombits(0x7fc12345)
	return map[string]*tensor.Tensor{
		"conv1.weight": tensor.FromFloat32([]float32{1, -0.5, nan, float32(math.Inf(-1)), 1e-45, 3}, 1, 2, 3, 1),
		"codes":        tensor.FromInt8([]int8{-128, 127, 0}, 3),
		"pixels":       tensor.FromUint8([]uint8{0, 128, 255}, 1, 3),
		"bias":         tensor.FromInt32([]int32{math.MinInt32, math.MaxInt32}, 2),
		"tracked":      tensor.FromInt64([]int64{math.MinInt64}),
		"ünïcode <&>":  tensor.FromFloat32([]float32{0}, 1),
	}, map[string]string{"format": "pt", "note": "\"quoted\"\n"}
}

func TestEncodeBytes(t *testing.T) {
	var b bytes.Buffer
	err := Encode(&b, map[string]*tensor.Tensor{
		"a": tensor.FromUint8([]uint8{7}),
		"b": tensor.FromFloat32([]float32{1, -2}, 2, 1),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const header = `{"a":{"dtype":"U8","shape":[],"data_offsets":[8,9]},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}`
	padded := header + strings.Repeat(" ", (8-len(header)%8)%8)
	want := file(padded, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7)
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("Encode wrote %q, want %q", b.Bytes(), want)
	}
}

func TestWriteRead(t *testing.T) {
	tensors, metadata := sample()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	for range 2 { // the second time over an existing file
		if err := Write(path, tensors, metadata); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Metadata, metadata) {
		t.Errorf("metadata = %q, want %q", f.Metadata, metadata)
	}
	if d := diff(f.Tensors, tensors); d != "" {
		t.Error(d)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, want one file (%v)", entries, err)
	}
}

// diff compares bit by bit.
func diff(got, want map[string]*tensor.Tensor) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d tensors, want %d", len(got), len(want))
	}
	for name, w := range want {
		g := got[name]
		if g == nil || g.DType() != w.DType() || !g.Shape().Equal(w.Shape()) {
			return fmt.Sprintf("%q = %v, want %v", name, g, w)
		}
		var a, b bytes.Buffer
		binary.Write(&a, binary.LittleEndian, elements(g))
		binary.Write(&b, binary.LittleEndian, elements(w))
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			return fmt.Sprintf("%q: the elements differ", name)
		}
	}
	return ""
}

// TestChunks reads a tensor longer than the decoder's buffer.
func TestChunks(t *testing.T) {
	for _, n := range []int{16383, 16384, 16385, 50001} {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(i)
		}
		want := map[string]*tensor.Tensor{"w": tensor.FromFloat32(v, n)}
		var b bytes.Buffer
		if err := Encode(&b, want, nil); err != nil {
			t.Fatal(err)
		}
		f, err := decode(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(f.Tensors, want); d != "" {
			t.Errorf("%d elements: %s", n, d)
		}
	}
}

func TestConverted(t *testing.T) {
	f, err := decode(file(`{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},`+
		`"h":{"dtype":"F16","shape":[1],"data_offsets":[8,10]},`+
		`"b":{"dtype":"BF16","shape":[1],"data_offsets":[10,12]},`+
		`"t":{"dtype":"BOOL","shape":[2],"data_offsets":[12,14]}}  `,
		0, 0, 0, 0, 0, 0, 0xf0, 0xbf, 0x00, 0x3e, 0x20, 0xc1, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*tensor.Tensor{
		"d": tensor.FromFloat32([]float32{-1}, 1),
		"h": tensor.FromFloat32([]float32{1.5}, 1),
		"b": tensor.FromFloat32([]float32{-10}, 1),
		"t": tensor.FromUint8([]uint8{1, 0}, 2),
	}
	if d := diff(f.Tensors, want); d != "" {
		t.Error(d)
	}
}

func TestDecodeErrors(t *testing.T) {
	entry := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"w":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	four := make([]byte, 4)
	var format FormatError
	var unsupported UnsupportedError
	for _, tt := range []struct {
		name string
		data []byte
		as   any
		want string
	}{
		{"empty", nil, &format, "0 bytes are too short for a safetensors file"},
		{"short", make([]byte, 7), &format, "7 bytes are too short"},
		{"header beyond the file", []byte{9, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, &format, "claims 9 bytes of a file of 10"},
		{"header of 2^64-1", bytes.Repeat([]byte{255}, 8), &format, "truncated, or not a safetensors file"},
		{"no object", file("[]"), &format, "not a JSON object"},
		{"space first", file(" {}"), &format, "not a JSON object"},
		{"not UTF-8", file("{\"\xff\":1}"), &format, "not a JSON object"},
		{"cut", file(`{"w":`), &format, `header: "w": EOF`},
		{"open", file(`{"__metadata__":{}`), &format, "header: "},
		{"wrong type", file(`{"w":3}`), &format, `"w": json: cannot unmarshal`},
		{"trailing", file(`{}x`), &format, "1 bytes follow"},
		{"twice", file(`{"w":{},"w":{}}`), &format, `"w" occurs twice`},
		{"dtype", file(entry("F8_E4M3", "[4]", "[0,4]"), four...), &unsupported, `"w": dtype "F8_E4M3"; convert it to F32`},
		{"no shape", file(`{"w":{"dtype":"F32","data_offsets":[0,4]}}`, four...), &format, "needs a shape"},
		{"one offset", file(entry("F32", "[1]", "[0]"), four...), &format, "two data_offsets"},
		{"rank", file(entry("I8", "[1,1,1,1,1,1,1,1,4]", "[0,4]"), four...), &unsupported, "rank 9 is above 8"},
		{"empty shape", file(entry("I8", "[0]", "[0,0]")), &unsupported, "empty shape [0]"},
		{"negative size", file(entry("I8", "[-1]", "[0,1]"), 0), &format, "does not fit"},
		{"fractional size", file(entry("I8", "[1.5]", "[0,1]"), 0), &format, "cannot unmarshal"},
		{"size times itself wraps", file(entry("I8", "[4294967296,4294967296]", "[0,4]"), four...), &format, "does not fit"},
		{"too small", file(entry("F32", "[2]", "[0,4]"), four...), &format, "shape [2] does not fit 4 bytes of F32"},
		{"too large", file(entry("I8", "[2]", "[0,4]"), four...), &format, "does not fit 4 bytes"},
		{"part of an element", file(entry("F32", "[1]", "[0,5]"), 0, 0, 0, 0, 0), &format, "does not fit 5 bytes"},
		{"backwards", file(entry("I8", "[1]", "[1,0]"), 0), &format, "lie outside the file"},
		{"negative offset", file(entry("I8", "[1]", "[-1,0]"), 0), &format, "lie outside the file"},
		{"offset overflow", file(entry("I8", "[1]", "[9223372036854775806,9223372036854775807]"), 0), &format, "lie outside the file"},
		{"hole", file(entry("I8", "[1]", "[1,2]"), 0, 0), &format, "begins at 1, where the tensor before ends at 0"},
		{"overlap", file(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"I8","shape":[2],"data_offsets":[1,3]}}`, 0, 0, 0),
			&format, `"b": its data begins at 1, where the tensor before ends at 2`},
		{"unused tail", file(entry("I8", "[1]", "[0,1]"), 0, 0), &format, "take 1 bytes, the file holds 2"},
		{"beyond the end", file(entry("I8", "[4]", "[0,4]"), 0), &format, "take 4 bytes, the file holds 1"},
		{"boolean 2", file(entry("BOOL", "[1]", "[0,1]"), 2), &unsupported, "element 0 is 2"},
		{"float64 range", file(entry("F64", "[1]", "[0,8]"), 255, 255, 255, 255, 255, 255, 0xef, 0x7f), &unsupported, "outside the range of float32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decode(tt.data)
			if !errors.As(err, tt.as) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %T %v, want %T with %q", err, err, tt.as, tt.want)
			}
		})
	}
}

// TestTruncated cuts a valid file at every length.
func TestTruncated(t *testing.T) {
	tensors, metadata := sample()
	var b bytes.Buffer
	if err := Encode(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		var format FormatError
		if _, err := decode(b.Bytes()[:n]); !errors.As(err, &format) {
			t.Fatalf("%d of %d bytes: error = %v, want a FormatError", n, b.Len(), err)
		}
		if _, err := Decode(bytes.NewReader(b.Bytes()[:n]), int64(b.Len())); !errors.As(err, &format) {
			t.Fatalf("%d bytes announced as %d: error = %v, want a FormatError", n, b.Len(), err)
		}
	}
}

func TestReadErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.safetensors")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, empty, filepath.Join(dir, "absent")} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Read(%q): error = %v, want one with the path", path, err)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	one := tensor.FromFloat32([]float32{1}, 1)
	for _, tt := range []struct {
		name     string
		tensor   string
		metadata map[string]string
		want     string
	}{
		{"reserved", "__metadata__", nil, `safetensors: a tensor cannot be named "__metadata__"`},
		{"not UTF-8", "\xff", nil, `cannot be named "\xff"`},
		{"metadata not UTF-8", "w", map[string]string{"k": "\xff"}, `metadata "k"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tensors := map[string]*tensor.Tensor{tt.tensor: one}
			if err := Encode(io.Discard, tensors, tt.metadata); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q", err, tt.want)
			}
			dir := t.TempDir()
			if err := Write(filepath.Join(dir, "f"), tensors, tt.metadata); err == nil {
				t.Error("Write succeeded")
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("Write left %v behind", left)
			}
		})
	}
}

// TestMobileNet reads a real file; the counts are those of torchvision's
// MobileNetV2 (3,504,872 parameters) with the running statistics.
func TestMobileNet(t *testing.T) {
	f, err := Read(golden.Shared(t, "models", "mobilenet_v2-imagenet-tf.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	params, stats := 0, 0
	for name, v := range f.Tensors {
		switch {
		case strings.Contains(name, "running_"):
			stats += v.Len()
		case !strings.HasSuffix(name, "num_batches_tracked"):
			params += v.Len()
		}
	}
	if params != 3504872 || stats != 2*17056 {
		t.Errorf("%d parameters and %d statistics, want 3504872 and %d", params, stats, 2*17056)
	}
	if got := f.Tensors["classifier.1.weight"].Shape(); !got.Equal(tensor.Shape{1000, 1280}) {
		t.Errorf("classifier.1.weight is %v, want 1000x1280", got)
	}
}

func FuzzDecode(f *testing.F) {
	tensors, metadata := sample()
	var b bytes.Buffer
	if err := Encode(&b, tensors, metadata); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(file(`{}`))
	f.Add(file(`{"__metadata__":{"a":"b"},"w":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}`, 1, 2, 3, 4))
	f.Add(file(`{"w":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := decode(data)
		if err != nil {
			return
		}
		var a bytes.Buffer
		if err := Encode(&a, first.Tensors, first.Metadata); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := decode(a.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if d := diff(second.Tensors, first.Tensors); d != "" {
			t.Fatal(d)
		}
		if len(first.Metadata) > 0 && !reflect.DeepEqual(second.Metadata, first.Metadata) {
			t.Fatalf("metadata %q became %q", first.Metadata, second.Metadata)
		}
	})
}
