package artifact_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mixq/infer/artifact"
	"mixq/nn"
	"mixq/tensor"
)

var testMeta = artifact.Meta{Tool: "test", Go: "go1.26", Level: "generic", Config: "0123", Seed: 1 << 63,
	Preprocess: json.RawMessage(`{"mean":[0.5]}`), Labels: []string{"cat", "dog"}}

func encode(t testing.TB, g *nn.Graph, m artifact.Meta) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := artifact.Encode(&buf, g, m); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sameGraph compares everything that a graph holds.
func sameGraph(t *testing.T, got, want *nn.Graph) {
	t.Helper()
	if got.String() != want.String() {
		t.Errorf("graph = %v\nwant %v", got, want)
	}
	for i, p := range want.Params() {
		q := got.Params()[i]
		if q.Name != p.Name || !reflect.DeepEqual(q.Type, p.Type) || !sameData(q.Data, p.Data) {
			t.Errorf("parameter %s came back as %s %v", p.Name, q.Name, q.Type)
		}
	}
	values := append(append([]*nn.Value(nil), want.Inputs...), want.Outputs...)
	for _, n := range want.Nodes {
		values = append(values, n.Out...)
	}
	others := append(append([]*nn.Value(nil), got.Inputs...), got.Outputs...)
	for _, n := range got.Nodes {
		others = append(others, n.Out...)
	}
	for i, v := range values {
		if !reflect.DeepEqual(others[i], v) {
			t.Errorf("value %+v, want %+v", others[i], v)
		}
	}
	if !reflect.DeepEqual(got.Pixels, want.Pixels) {
		t.Error("the pixel tables differ")
	}
}

// sameData compares elements, packed or not.
func sameData(a, b *tensor.Tensor) bool {
	if a.DType() == tensor.Int8 && b.DType() == tensor.Int8 {
		return a.Shape().Equal(b.Shape()) && slices.Equal(a.Int8(), b.Int8())
	}
	return reflect.DeepEqual(a, b)
}

func TestRoundTrip(t *testing.T) {
	g := testGraph(t)
	path := filepath.Join(t.TempDir(), "net.mixq")
	if err := artifact.Write(path, g, testMeta); err != nil {
		t.Fatal(err)
	}
	got, m, err := artifact.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, testMeta) {
		t.Errorf("meta = %+v, want %+v", m, testMeta)
	}
	want := g.Clone()
	want.Pixels = onGrid(g)
	sameGraph(t, got, want)

	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if again := encode(t, got, m); !bytes.Equal(again, file) {
		t.Error("writing what was read gives other bytes")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("files left in the folder: %v (%v)", left, err)
	}
}

// TestOpen: an open file holds its weights packed, and none when it is closed; what
// Read gives does not depend on the file.
func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.mixq")
	want := testGraph(t)
	if err := artifact.Write(path, want, testMeta); err != nil {
		t.Fatal(err)
	}
	f, err := artifact.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	read, _, err := artifact.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want.Pixels = onGrid(want)
	sameGraph(t, f.Graph, want)
	params := f.Graph.Params()
	for _, v := range params {
		if q := v.Type.Quant; q != nil && v.Data.PackedBits() != int(q.Bits) {
			t.Errorf("%s is packed at %d bits, want %d", v.Name, v.Data.PackedBits(), q.Bits)
		}
	}
	f.Close()
	for _, v := range params {
		if v.Data != nil {
			t.Errorf("%s has data after Close", v.Name)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	sameGraph(t, read, want)
}

func TestRealInputKeepsPixels(t *testing.T) {
	g := testGraph(t)
	x := g.Inputs[0]
	x.Type = nn.Real(x.Type.Shape...)
	got, _, err := artifact.Decode(encode(t, g, artifact.Meta{}))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Pixels, g.Pixels) {
		t.Error("the real pixel table changed")
	}
}

func TestSize(t *testing.T) {
	g := testGraph(t)
	size := func() int64 {
		t.Helper()
		n, err := artifact.Size(g, testMeta)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	full := size()
	if n := int64(len(encode(t, g, testMeta))); full != n {
		t.Errorf("Size = %d, the file has %d", full, n)
	}
	w := g.Node("c3").In[1]
	if w.Type.Quant.Bits != 3 {
		t.Fatalf("c3 has %d bits", w.Type.Quant.Bits)
	}
	q := *w.Type.Quant
	w.Type.Quant, w.Data = &q, nil // sizes need no data
	for bits := 3; bits <= 8; bits++ {
		q.Bits = uint8(bits)
		want := full + artifact.WeightBytes(w.Type.Shape, bits) - artifact.WeightBytes(w.Type.Shape, 3)
		if got := size(); got != want {
			t.Errorf("Size with %d bits in one layer = %d, want %d", bits, got, want)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		spoil      func(g *nn.Graph)
	}{
		{"no data", "c4.weight", func(g *nn.Graph) { g.Node("c4").In[1].Data = nil }},
		{"invalid graph", "two values", func(g *nn.Graph) { g.Inputs[0].Name = "c2" }},
		{"pixel channels", "pixel table of 2 channels", func(g *nn.Graph) { g.Pixels = g.Pixels[:2] }},
		{"int64 parameter", "fc.bias: unsupported", func(g *nn.Graph) {
			v := g.Node("fc").In[2]
			v.Type.DType, v.Data = tensor.Int64, tensor.New(tensor.Int64, 4)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := testGraph(t)
			tt.spoil(g)
			path := filepath.Join(t.TempDir(), "net.mixq")
			err := artifact.Write(path, g, artifact.Meta{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error = %v, want one with the path and %q", err, tt.want)
			}
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// seal gives b a correct checksum.
func seal(b []byte) []byte {
	b = bytes.Clone(b)
	if n := len(b) - 4; n >= 0 {
		binary.LittleEndian.PutUint32(b[n:], crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
	}
	return b
}

// TestDamagedFiles flips every byte and cuts the file at every length. With
// the checksum left alone each must be found out; with a checksum to match,
// whatever is still accepted must be a valid network.
func TestDamagedFiles(t *testing.T) {
	file := encode(t, testGraph(t), testMeta)
	var format artifact.FormatError
	for n := range file {
		if _, _, err := artifact.Decode(file[:n]); !errors.As(err, &format) {
			t.Fatalf("cut to %d bytes: error = %v, want a FormatError", n, err)
		}
		if _, _, err := artifact.Decode(seal(file[:n])); err == nil {
			t.Fatalf("cut to %d bytes and sealed: no error", n)
		}
		b := bytes.Clone(file)
		b[n] ^= 1 << (n % 8)
		if _, _, err := artifact.Decode(b); err == nil {
			t.Fatalf("flipped a bit of byte %d: no error", n)
		}
		if g, _, err := artifact.Decode(seal(b)); err == nil && g.Validate() != nil {
			t.Fatalf("flipped a bit of byte %d: accepted an invalid network", n)
		}
	}
}

func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	good := encode(t, testGraph(t), testMeta)
	future := bytes.Clone(good)
	future[8] = 99
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "0 bytes"},
		{"text", []byte("this is not a network at all"), "does not start"},
		{"truncated", good[:len(good)/2], "checksum"},
		{"newer version", seal(future), "version 99"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, tt.name+".mixq")
			if err := os.WriteFile(path, tt.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, _, err := artifact.Read(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error = %v, want one line with the path and %q", err, tt.want)
			}
		})
	}
	if _, _, err := artifact.Read(filepath.Join(dir, "absent.mixq")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error of an absent file = %v", err)
	}
	if _, _, err := artifact.Read(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error of a folder = %v", err)
	}
}

// hostile is a file with the given header and body.
func hostile(header string, body ...byte) []byte {
	b := []byte("\x89MIXQ\r\n\x1a\x01\x00\x00\x00")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	b = append(append(b, header...), body...)
	return seal(append(b, 0, 0, 0, 0))
}

// TestHostileHeaders asks for what the file cannot hold; the reader must say no
// without making it first.
func TestHostileHeaders(t *testing.T) {
	for name, header := range map[string]string{
		"huge parameter":    `{"values":[{"n":"x","s":[1,1]},{"n":"w","s":[268435456,8],"b":2},{"n":"y"}],"ops":[{"k":"linear","a":{}}],"nodes":[{"n":"l","o":0,"i":[0,1],"y":[2]}],"in":[0],"out":[2]}`,
		"overflowing shape": `{"values":[{"n":"x","s":[4294967296,4294967296,4294967296]}],"in":[0],"out":[0]}`,
		"negative shape":    `{"values":[{"n":"x","s":[-1,2]}],"in":[0],"out":[0]}`,
		"huge pixel table":  `{"values":[{"n":"x","s":[1,100000000,1,1]}],"in":[0],"out":[0],"pixels":100000000}`,
		"negative pixels":   `{"values":[{"n":"x","s":[1,1,1,1]}],"in":[0],"out":[0],"pixels":-1}`,
		"index":             `{"values":[{"n":"x","s":[1,1]}],"in":[1],"out":[0]}`,
		"cycle":             `{"values":[{"n":"x"}],"ops":[{"k":"flatten","a":{}}],"nodes":[{"n":"l","o":0,"i":[0],"y":[0]}],"in":[],"out":[0]}`,
		"unknown layer":     `{"values":[],"ops":[{"k":"magic","a":{}}],"nodes":[],"in":[],"out":[]}`,
		"unknown field":     `{"surprise":1}`,
		"two objects":       `{"values":[],"in":[],"out":[]}{}`,
		"not JSON":          `MIXQ`,
	} {
		t.Run(name, func(t *testing.T) {
			b := hostile(header)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, _, err := artifact.Decode(b); err == nil {
				t.Error("no error")
			}
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			if limit := uint64(64<<10 + 64*len(b)); allocated > limit {
				t.Errorf("allocated %d bytes for a file of %d", allocated, len(b))
			}
		})
	}
}

var update = flag.Bool("update", false, "write testdata/v1/test.mixq")

// TestVersion1 reads a file written by the first version of the format, which
// stays readable for ever.
func TestVersion1(t *testing.T) {
	path := filepath.Join("testdata", "v1", "test.mixq")
	g := testGraph(t)
	if *update {
		if err := artifact.Write(path, g, testMeta); err != nil {
			t.Fatal(err)
		}
	}
	got, m, err := artifact.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	g.Pixels = onGrid(g)
	sameGraph(t, got, g)
	if !reflect.DeepEqual(m, testMeta) {
		t.Errorf("meta = %+v, want %+v", m, testMeta)
	}
}

func FuzzDecode(f *testing.F) {
	g := testGraph(f)
	for _, name := range []string{"c2", "bn", "flatten"} { // small files: large ones are slow to mutate
		n := g.Node(name)
		part, err := g.Extract(n.In[:1], n.Out)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encode(f, part, artifact.Meta{Seed: 1}))
	}
	f.Add(hostile(`{"values":[{"n":"x","s":[1,1]}],"in":[0],"out":[0]}`))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, m, err := artifact.Decode(seal(b))
		if err != nil {
			return
		}
		first := encode(t, g, m)
		g2, m2, err := artifact.Decode(first)
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		sameGraph(t, g2, g)
		if second := encode(t, g2, m2); !bytes.Equal(first, second) {
			t.Fatal("a second round trip changes the bytes")
		}
	})
}
