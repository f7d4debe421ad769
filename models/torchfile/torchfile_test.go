package torchfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mixq/internal/golden"
	"mixq/tensor"
)

func decode(b []byte) (map[string]*tensor.Tensor, error) {
	return Decode(bytes.NewReader(b), int64(len(b)))
}

// iota32 is the range [lo, hi) as float32.
func iota32(lo, hi int) []float32 {
	v := make([]float32, 0, hi-lo)
	for i := lo; i < hi; i++ {
		v = append(v, float32(i))
	}
	return v
}

// TestSample reads what testdata/make.py wrote: every element type, a
// parameter, views with offsets and strides, DataParallel names, and an
// optimizer beside the state_dict.
func TestSample(t *testing.T) {
	want := map[string]*tensor.Tensor{
		"conv.weight":            tensor.FromFloat32(iota32(0, 24), 2, 3, 4, 1),
		"view":                   tensor.FromFloat32(iota32(5, 11), 2, 3),
		"transposed":             tensor.FromFloat32([]float32{1, 7, 13, 19, 2, 8, 14, 20, 3, 9, 15, 21}, 3, 4),
		"half":                   tensor.FromFloat32([]float32{1.5, -2, 65504, 1.0 / (1 << 24)}, 4),
		"bfloat16":               tensor.FromFloat32([]float32{1.5, -3}, 2),
		"double":                 tensor.FromFloat32([]float32{0.1}, 1, 1),
		"int8":                   tensor.FromInt8([]int8{-128, 127}, 2),
		"uint8":                  tensor.FromUint8([]uint8{0, 255}, 2),
		"bool":                   tensor.FromUint8([]uint8{1, 0}, 2),
		"int32":                  tensor.FromInt32([]int32{-1 << 31}, 1),
		"bn.num_batches_tracked": tensor.FromInt64([]int64{1 << 40}),
	}
	for _, name := range []string{"legacy.pth", "zip.pth"} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(got, want); d != "" {
				t.Error(d)
			}
		})
	}
}

// diff compares bit by bit.
func diff(got, want map[string]*tensor.Tensor) string {
	g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(g, w) {
		return fmt.Sprintf("names %q, want %q", g, w)
	}
	for _, name := range w {
		g, w := got[name], want[name]
		if g.DType() != w.DType() || !g.Shape().Equal(w.Shape()) {
			return fmt.Sprintf("%q is %v %v, want %v %v", name, g.DType(), g.Shape(), w.DType(), w.Shape())
		}
		if !bytes.Equal(raw(g), raw(w)) {
			return fmt.Sprintf("%q: the elements differ", name)
		}
	}
	return ""
}

// raw is the elements of t, little-endian.
func raw(t *tensor.Tensor) []byte {
	var data any
	switch t.DType() {
	case tensor.Float32:
		data = t.Float32()
	case tensor.Int8:
		data = t.Int8()
	case tensor.Uint8:
		data = t.Uint8()
	case tensor.Int32:
		data = t.Int32()
	case tensor.Int64:
		data = t.Int64()
	}
	b, err := binary.Append(nil, binary.LittleEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

// digest is what testdata/make.py prints for a checkpoint.
func digest(tensors map[string]*tensor.Tensor) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		fmt.Fprintf(h, "%s %s\n", name, strings.ReplaceAll(fmt.Sprint([]int(t.Shape())), " ", ", "))
		h.Write(raw(t))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestCIFARResNets compares real checkpoints with what PyTorch reads.
func TestCIFARResNets(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"resnet20-12fca82f.th", "8c335f485fbffbdf312ca735005b4a88d95d019993aa950f114341cfcb889e7b"},
		{"resnet32-d509ac18.th", "f01b4ea3515fa44a9f1c5522abf4999aa28ba3ee35ee3d669bcdbc87f85b535a"},
		{"resnet44-014dd654.th", "4397bdd4b8354e0a9b3d01015a46800da3ee6399a79ab25fc2aea2076ef16eb6"},
		{"resnet56-4bfd9763.th", "74f7df19a319547d345af96517d458a6aa92dd267272d1ed43bf0e39ccccca9d"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			tensors, err := Read(golden.Shared(t, "models", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := digest(tensors); got != tt.want {
				t.Errorf("digest = %s, want %s", got, tt.want)
			}
		})
	}
}

// TestTruncated cuts the samples at every length. No cut may pass as the whole
// file, and none may be anything but a FormatError.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"legacy.pth", "zip.pth"} {
		data := sample(t, name)
		for n := range data {
			var format FormatError
			if _, err := decode(data[:n]); !errors.As(err, &format) {
				t.Fatalf("%s: %d of %d bytes: error = %v, want a FormatError", name, n, len(data), err)
			}
		}
	}
}

// TestFlipped flips a bit of every byte of the zip sample: its checksums must
// show every change of an element.
func TestFlipped(t *testing.T) {
	data := sample(t, "zip.pth")
	want, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] ^= 1 << (i % 8)
		got, err := decode(data)
		if err == nil && diff(got, want) != "" {
			t.Fatalf("bit %d of byte %d: the change passed: %s", i%8, i, diff(got, want))
		}
		data[i] ^= 1 << (i % 8)
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.th")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, empty, filepath.Join(dir, "absent.th")} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Read(%q): error = %v, want one with the path", path, err)
		}
	}
}

func TestViewErrors(t *testing.T) {
	var format FormatError
	var unsupported UnsupportedError
	w := func(offset int64, shape, stride []int64) checkpoint {
		return checkpoint{tensors: []entry{{"w", "FloatStorage", 6, offset, shape, stride}}}
	}
	for _, tt := range []struct {
		name string
		file checkpoint
		as   any
		want string
	}{
		{"beyond the end", w(1, []int64{2, 3}, []int64{3, 1}), &format, `"w": shape [2 3] with strides [3 1] exceeds the storage of 6 elements`},
		{"negative offset", w(-1, []int64{2}, []int64{1}), &format, "exceeds the storage"},
		{"negative offset of a scalar", w(-1, nil, nil), &format, "exceeds the storage"},
		{"offset wraps", w(1<<63-1, []int64{2}, []int64{1}), &format, "exceeds the storage"},
		{"negative size", w(0, []int64{-2}, []int64{1}), &format, "exceeds the storage"},
		{"negative stride", w(5, []int64{2}, []int64{-1}), &format, "exceeds the storage"},
		{"stride wraps", w(0, []int64{3}, []int64{1 << 62}), &format, "exceeds the storage"},
		{"expanded", w(0, []int64{1 << 40}, []int64{0}), &unsupported, `"w": shape [1099511627776] is expanded`},
		{"size wraps", w(0, []int64{1 << 40, 1 << 40}, []int64{0, 0}), &unsupported, "is expanded"},
		{"empty", w(0, []int64{0, 3}, []int64{3, 1}), &unsupported, "empty shape"},
		{"rank", w(0, make([]int64, 9), make([]int64, 9)), &unsupported, "rank 9 is above 8"},
		{"strides missing", w(0, []int64{2}, nil), &format, "a tensor is malformed"},
		{"type not read", checkpoint{tensors: []entry{{"w", "ShortStorage", 1, 0, nil, nil}}}, &unsupported, `"w": a torch.ShortStorage`},
		{"type not known", checkpoint{tensors: []entry{{"w", "QInt8Storage", 1, 0, nil, nil}}}, &unsupported, "torch.QInt8Storage"},
		{"no tensor", checkpoint{}, &format, "no state_dict"},
		{"name twice", checkpoint{tensors: []entry{{"w", "ByteStorage", 1, 0, nil, nil}, {"w", "ByteStorage", 1, 0, nil, nil}}}, &format, `"w" occurs twice`},
		{"trailing", checkpoint{tensors: []entry{{"w", "ByteStorage", 1, 0, nil, nil}}, tail: "x"}, &format, "1 bytes follow the last storage"},
		{"big-endian", checkpoint{tensors: []entry{{"w", "ByteStorage", 1, 0, nil, nil}}, bigEndian: true}, &unsupported, "big-endian"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decode(tt.file.legacy())
			if !errors.As(err, tt.as) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %T %v, want %T with %q", err, err, tt.as, tt.want)
			}
		})
	}
}

func TestPickleErrors(t *testing.T) {
	var format FormatError
	var unsupported UnsupportedError
	for _, tt := range []struct {
		name, code string
		as         any
		want       string
	}{
		{"empty", "", &format, "ends early"},
		{"no stop", "\x80\x02N", &format, "ends early"},
		{"length beyond the end", "X\xff\xff\xff\xffabc", &format, "ends early"},
		{"no newline", "ccollections", &format, "ends early"},
		{"nothing to return", ".", &format, "too few values"},
		{"protocol", "\x80\x04N.", &unsupported, "protocol 4"},
		{"opcode", "I1\n.", &unsupported, "opcode 0x49 at byte 0"},
		{"evaluation", "cos\nsystem\n(X\x02\x00\x00\x00lstR.", &unsupported, "refers to os.system"},
		{"call of a number", "K\x01)R.", &format, "no global"},
		{"call of a storage class", "ctorch\nFloatStorage\n)R.", &format, "no global"},
		{"arguments are no tuple", "ccollections\nOrderedDict\nNR.", &format, "no global"},
		{"memo", "h\x05.", &format, "memo 5 was never put"},
		{"no mark", "t.", &format, "no mark"},
		{"below the mark", "N(\x85.", &format, "too few values"},
		{"append to a number", "K\x01Na.", &format, "no list"},
		{"set in a list", "]NNs.", &format, "no dictionary"},
		{"key without value", "}(Nu.", &format, "has no value"},
		{"identifier", "NQ.", &format, "no storage"},
		{"Python 2", "ccollections\nOrderedDict\n(]tR.", &unsupported, "Python 2"},
		{"tensor without storage", "ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))tR.", &format, "a tensor is malformed"},
		{"parameter without tensor", "ctorch._utils\n_rebuild_parameter\n)R.", &format, "no tensor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := unpickle([]byte(tt.code))
			if !errors.As(err, tt.as) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %T %v, want %T with %q", err, err, tt.as, tt.want)
			}
		})
	}
}

func TestUnpickle(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		want       any
	}{
		{"numbers", "(K\xffM\x01\x02J\xff\xff\xff\xffG\xbf\xf0\x00\x00\x00\x00\x00\x00t.",
			tuple{int64(255), int64(513), int64(-1), -1.0}},
		{"long", "(\x8a\x00\x8a\x01\x80\x8a\x02\xff\x00\x8a\x08\xfe\xff\xff\xff\xff\xff\xff\x7f\x8a\x09123456789t.",
			tuple{int64(0), int64(-128), int64(255), int64(1<<63 - 2), inert{}}},
		{"strings", "X\x02\x00\x00\x00\xc3\xbcU\x01aT\x01\x00\x00\x00b\x87.", tuple{"ü", "a", "b"}},
		{"containers", "(]N\x88\x86}N\x89st.", tuple{&list{}, tuple{nil, true}, &dict{[]pair{{nil, false}}}}},
		{"memo", "]q\x07r\x00\x01\x00\x00Nah\x07j\x00\x01\x00\x00\x87.",
			tuple{&list{[]any{nil}}, &list{[]any{nil}}, &list{[]any{nil}}}},
		{"attributes of an inert object", "cargparse\nNamespace\n)\x81}(U\x01aNub.", inert{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := unpickle([]byte(tt.code + "rest"))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(p.value, tt.want) || p.size != len(tt.code) {
				t.Errorf("unpickle = %v, %d bytes, want %v, %d bytes", p.value, p.size, tt.want, len(tt.code))
			}
		})
	}
}

// TestSelfReference: a dictionary that is its own state_dict ends.
func TestSelfReference(t *testing.T) {
	p, err := unpickle([]byte("}q\x00U\x03neth\x00s."))
	if err != nil {
		t.Fatal(err)
	}
	var r reader
	if _, err := r.stateDict(p.value); err == nil {
		t.Error("no error for a dictionary that contains only itself")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample(f, "legacy.pth"))
	f.Add(sample(f, "zip.pth"))
	f.Add(checkpoint{tensors: []entry{{"w", "HalfStorage", 6, 0, []int64{3, 2}, []int64{1, 3}}}}.legacy())
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := decode(data)
		if err != nil {
			return
		}
		second, err := decode(rewrite(first).legacy())
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if d := diff(second, first); d != "" {
			t.Fatal(d)
		}
	})
}

// TestWrite: what is written is read again, and written again, the same.
func TestWrite(t *testing.T) {
	want := map[string]*tensor.Tensor{
		"conv.weight": tensor.FromFloat32(iota32(0, 24), 2, 3, 4, 1),
		"int8":        tensor.FromInt8([]int8{-128, 127}, 2),
		"uint8":       tensor.FromUint8([]uint8{0, 255}, 1, 2),
		"int32":       tensor.FromInt32([]int32{-1 << 31}, 1),
		"scalar":      tensor.FromInt64([]int64{1 << 40}),
	}
	a, b := filepath.Join(t.TempDir(), "a.pth"), filepath.Join(t.TempDir(), "b.pth")
	if err := Write(a, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(a)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(got, want); d != "" {
		t.Error(d)
	}
	if err := Write(b, got); err != nil {
		t.Fatal(err)
	}
	first, err1 := os.ReadFile(a)
	second, err2 := os.ReadFile(b)
	if err1 != nil || err2 != nil || !bytes.Equal(first, second) {
		t.Errorf("the files differ (%v, %v)", err1, err2)
	}
	if err := Write(filepath.Join(a, "c.pth"), want); err == nil || !strings.HasPrefix(err.Error(), "torchfile: ") {
		t.Errorf("writing below a file: error %v", err)
	}
}
