package artifact

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"

	"mixq/nn"
	"mixq/tensor"
)

// Write writes g to the file path, which appears only when it is complete.
// Errors name the file.
func Write(path string, g *nn.Graph, m Meta) error {
	if err := writeFile(path, g, m); err != nil {
		return fmt.Errorf("artifact: %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, g *nn.Graph, m Meta) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := Encode(f, g, m); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Encode writes g to w. The same graph and meta give the same bytes. It fails
// if g is invalid, has a parameter without data, or holds a type that the
// format has no form for.
func Encode(w io.Writer, g *nn.Graph, m Meta) error {
	l, err := lay(g, m)
	if err != nil {
		return err
	}
	for _, v := range g.Params() {
		if v.Data == nil {
			return fmt.Errorf("parameter %s has no data", v.Name)
		}
	}
	b, err := l.file()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// Size is the length in bytes of the file that Encode writes. Parameters need
// types but no data, so a planned file can be measured before it is made.
func Size(g *nn.Graph, m Meta) (int64, error) {
	l, err := lay(g, m)
	if err != nil {
		return 0, err
	}
	return l.size(), nil
}

// layout is a file whose contents are known and not yet put together.
type layout struct {
	g      *nn.Graph
	values []*nn.Value // as in the header
	param  map[*nn.Value]bool
	json   []byte // the header, padded
	extent
}

func lay(g *nn.Graph, m Meta) (*layout, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if err := checkPixels(g, len(g.Pixels)); err != nil {
		return nil, err
	}
	l := &layout{g: g, param: map[*nn.Value]bool{}}
	for _, v := range g.Params() {
		l.param[v] = true
	}
	h, err := l.header(m)
	if err != nil {
		return nil, err
	}
	isParam := func(i int) bool { return l.param[l.values[i]] }
	if l.extent, err = measure(l.values, isParam, pixelExtent(g, len(g.Pixels))); err != nil {
		return nil, err
	}
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	l.json = append(b, bytes.Repeat([]byte{' '}, -len(b)&(headerAlign-1))...)
	if l.size() > maxFile {
		return nil, UnsupportedError(fmt.Sprintf("a network of more than %d bytes", maxFile))
	}
	return l, nil
}

func (l *layout) size() int64 {
	return prefixLen + int64(len(l.json)) + 4*l.words + l.bytes + crcLen
}

// header numbers the values in the order in which nodes use and make them, and
// the distinct ops in the order of their first use.
func (l *layout) header(m Meta) (*header, error) {
	h := &header{Name: l.g.Name, Pixels: len(l.g.Pixels), Meta: m}
	index := map[*nn.Value]int{}
	number := func(vs []*nn.Value) []int {
		ids := make([]int, len(vs))
		for i, v := range vs {
			id, ok := index[v]
			if !ok {
				id = len(l.values)
				index[v] = id
				l.values = append(l.values, v)
			}
			ids[i] = id
		}
		return ids
	}
	h.In = number(l.g.Inputs)
	ops := map[string]int{}
	for _, n := range l.g.Nodes {
		attrs, err := json.Marshal(n.Op)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		key := n.Op.Kind().String() + string(attrs)
		id, ok := ops[key]
		if !ok {
			id = len(h.Ops)
			ops[key] = id
			h.Ops = append(h.Ops, opHeader{Kind: n.Op.Kind(), Attrs: attrs})
		}
		h.Nodes = append(h.Nodes, nodeHeader{Name: n.Name, Op: id, In: number(n.In), Out: number(n.Out)})
	}
	h.Out = number(l.g.Outputs)
	for _, v := range l.values {
		h.Values = append(h.Values, l.valueHeader(v))
	}
	return h, nil
}

func (l *layout) valueHeader(v *nn.Value) valueHeader {
	h := valueHeader{Name: v.Name}
	if l.param[v] || slices.Contains(l.g.Inputs, v) {
		h.Shape = append([]int{}, v.Type.Shape...)
	}
	if q := v.Type.Quant; q != nil {
		h.Bits, h.Axis = q.Bits, max(q.Axis, -1)+1
	}
	if v.Type.DType != impliedDType(h.Bits, l.param[v]) {
		h.DType = v.Type.DType
	}
	return h
}

// impliedDType is the element type of a value whose header names none.
func impliedDType(bits uint8, param bool) tensor.DType {
	switch {
	case bits == 0:
		return tensor.Float32
	case param:
		return tensor.Int8
	}
	return tensor.Uint8
}

// file puts the whole file together.
func (l *layout) file() ([]byte, error) {
	b := make([]byte, 0, l.size())
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.json)))
	b = append(b, l.json...)
	for _, v := range l.values {
		b = l.appendWords(b, v)
	}
	b = appendPixelWords(b, l.g)
	for _, v := range l.values {
		b = l.appendBytes(b, v)
	}
	b = appendPixelBytes(b, l.g)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if int64(len(b)) != l.size() {
		return nil, fmt.Errorf("internal error: wrote %d bytes, planned %d", len(b), l.size())
	}
	return b, nil
}

func (l *layout) appendWords(b []byte, v *nn.Value) []byte {
	if q := v.Type.Quant; q != nil {
		b = appendFloats(b, q.Scale)
	}
	if !l.param[v] {
		return b
	}
	switch v.Type.DType {
	case tensor.Float32:
		b = appendFloats(b, v.Data.Float32())
	case tensor.Int32:
		b, _ = binary.Append(b, binary.LittleEndian, v.Data.Int32())
	}
	return b
}

func (l *layout) appendBytes(b []byte, v *nn.Value) []byte {
	q := v.Type.Quant
	if q == nil {
		return b
	}
	for _, z := range q.Zero {
		b = append(b, byte(z))
	}
	if !l.param[v] {
		return b
	}
	return append(b, v.Data.Codes(int(q.Bits)).Data...)
}

func appendFloats(b []byte, f []float32) []byte {
	b, _ = binary.Append(b, binary.LittleEndian, f) // cannot fail for this type
	return b
}
