package artifact

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"

	"mixq/nn"
)

// File is an open file. The packed weights of Graph are views of it.
type File struct {
	Graph *nn.Graph
	Meta  Meta
	close func()
}

// Open maps the file path into memory and decodes it. Errors name it; the cause
// is a FormatError, an UnsupportedError or an error of the file system.
func Open(path string) (*File, error) {
	b, done, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	g, m, err := Decode(b)
	if err != nil {
		done()
		return nil, fmt.Errorf("artifact: %s: %w", path, err)
	}
	return &File{g, m, done}, nil
}

// Close releases the file and takes the data of all parameters out of the graph.
// Nothing may still read packed weights.
func (f *File) Close() {
	for _, v := range f.Graph.Params() {
		v.Data = nil
	}
	f.close()
}

// Read is Open for a graph that is independent of the file.
func Read(path string) (*nn.Graph, Meta, error) {
	f, err := Open(path)
	if err != nil {
		return nil, Meta{}, err
	}
	g := f.Graph.Clone()
	for _, v := range g.Params() {
		if v.Data.PackedBits() > 0 {
			v.Data = v.Data.Clone()
		}
	}
	f.Close()
	return g, f.Meta, nil
}

// Decode reads a whole file from memory. The graph is valid and complete; its
// packed weights are views of b.
func Decode(b []byte) (*nn.Graph, Meta, error) {
	h, body, err := open(b)
	if err != nil {
		return nil, Meta{}, err
	}
	d := &decoder{h: h, g: &nn.Graph{Name: h.Name}}
	for _, step := range []func() error{d.makeOps, d.makeValues, d.makeNodes} {
		if err := step(); err != nil {
			return nil, Meta{}, err
		}
	}
	if err := d.fill(body); err != nil {
		return nil, Meta{}, err
	}
	if err := d.g.Validate(); err != nil {
		return nil, Meta{}, FormatError(err.Error())
	}
	return d.g, h.Meta, nil
}

// open checks everything around the header and the blobs and returns both.
func open(b []byte) (*header, []byte, error) {
	switch {
	case len(b) < prefixLen+crcLen:
		return nil, nil, FormatError(fmt.Sprintf("it has only %d bytes", len(b)))
	case string(b[:len(magic)]) != magic:
		return nil, nil, FormatError("it does not start like one")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return nil, nil, UnsupportedError(fmt.Sprintf("file version %d; this program reads version %d", v, version))
	}
	end := len(b) - crcLen
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, nil, FormatError("wrong checksum: the file is truncated or damaged; copy or make it again")
	}
	n := int64(binary.LittleEndian.Uint32(b[12:]))
	if n > int64(end-prefixLen) {
		return nil, nil, FormatError(fmt.Sprintf("a header of %d bytes in a file of %d", n, len(b)))
	}
	body := b[prefixLen+int(n) : end]
	dec := json.NewDecoder(bytes.NewReader(b[prefixLen : prefixLen+int(n)]))
	dec.DisallowUnknownFields()
	h := new(header)
	if err := dec.Decode(h); err != nil {
		return nil, nil, FormatError("header: " + err.Error())
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, FormatError("header: text behind the JSON object")
	}
	return h, body, nil
}
