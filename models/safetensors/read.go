package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"mixq/tensor"
)

// Read reads the file at path.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, FormatError(path + ": not a regular file")
	}
	d := decoder{where: path + ": ", r: f, size: info.Size()}
	return d.decode()
}

// Decode reads a file of size bytes from r. The caller vouches for size: it
// bounds what is allocated.
func Decode(r io.Reader, size int64) (*File, error) {
	d := decoder{r: r, size: size}
	return d.decode()
}

// decoder reads one file front to back.
type decoder struct {
	where string // prefix of error texts
	r     io.Reader
	size  int64 // bytes of the whole file
	buf   []byte
}

func (d *decoder) malformed(format string, args ...any) error {
	return FormatError(d.where + fmt.Sprintf(format, args...))
}

func (d *decoder) unsupported(format string, args ...any) error {
	return UnsupportedError(d.where + fmt.Sprintf(format, args...))
}

func (d *decoder) decode() (*File, error) {
	header, err := d.header()
	if err != nil {
		return nil, err
	}
	items, metadata, err := d.parse(header)
	if err != nil {
		return nil, err
	}
	if err := d.layout(items, d.size-8-int64(len(header))); err != nil {
		return nil, err
	}
	f := &File{Tensors: make(map[string]*tensor.Tensor, len(items)), Metadata: metadata}
	for _, it := range items {
		if f.Tensors[it.name], err = d.tensor(it); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// header reads the length and the text of the header.
func (d *decoder) header() ([]byte, error) {
	var length [8]byte
	if d.size < int64(len(length)) {
		return nil, d.malformed("%d bytes are too short for a safetensors file", d.size)
	}
	if err := d.fill(length[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || n > uint64(d.size)-8 {
		return nil, d.malformed("the header claims %d bytes of a file of %d: truncated, or not a safetensors file", n, d.size)
	}
	header := make([]byte, n)
	return header, d.fill(header)
}

// fill reads len(b) bytes.
func (d *decoder) fill(b []byte) error {
	_, err := io.ReadFull(d.r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return d.malformed("the data ends before the %d bytes announced", d.size)
	}
	if err != nil {
		return fmt.Errorf("safetensors: %s%w", d.where, err)
	}
	return nil
}

// item is a named entry.
type item struct {
	name string
	entry
	enc tensor.Encoding
}

// parse reads the JSON header, key by key so that a repeated name is seen.
func (d *decoder) parse(header []byte) (items []item, metadata map[string]string, err error) {
	if !utf8.Valid(header) || !bytes.HasPrefix(header, []byte("{")) {
		return nil, nil, d.malformed("the header is not a JSON object: not a safetensors file")
	}
	js := json.NewDecoder(bytes.NewReader(header))
	if _, err := js.Token(); err != nil {
		return nil, nil, d.malformed("header: %v", err)
	}
	seen := map[string]bool{}
	for js.More() {
		key, err := js.Token()
		if err != nil {
			return nil, nil, d.malformed("header: %v", err)
		}
		it := item{name: key.(string)} // More is false for '}', so this token is a key
		if seen[it.name] {
			return nil, nil, d.malformed("header: %q occurs twice", it.name)
		}
		seen[it.name] = true
		if it.name == metadataKey {
			err = js.Decode(&metadata)
		} else {
			err = js.Decode(&it.entry)
			items = append(items, it)
		}
		if err != nil {
			return nil, nil, d.malformed("header: %q: %v", it.name, err)
		}
	}
	if _, err := js.Token(); err != nil {
		return nil, nil, d.malformed("header: %v", err)
	}
	if rest := strings.TrimRight(string(header[js.InputOffset():]), " "); rest != "" {
		return nil, nil, d.malformed("header: %d bytes follow the JSON object", len(rest))
	}
	return items, metadata, nil
}

// layout checks every item against the size of the data section and sorts the
// items by position. They must fill the section without overlap or hole.
func (d *decoder) layout(items []item, size int64) error {
	for i := range items {
		if err := d.check(&items[i]); err != nil {
			return err
		}
	}
	slices.SortFunc(items, func(a, b item) int { return slices.Compare(a.Offsets, b.Offsets) })
	var end int64
	for _, it := range items {
		if it.Offsets[0] != end {
			return d.malformed("%q: its data begins at %d, where the tensor before ends at %d", it.name, it.Offsets[0], end)
		}
		end = it.Offsets[1]
	}
	if end != size {
		return d.malformed("the tensors take %d bytes, the file holds %d: truncated or damaged", end, size)
	}
	return nil
}

// check finds the encoding of it and proves that its shape is valid and takes
// the bytes that its offsets span.
func (d *decoder) check(it *item) error {
	for _, row := range encodings {
		if row.name == it.DType {
			it.enc = row.enc
		}
	}
	if it.enc == 0 {
		return d.unsupported("%q: dtype %q; convert it to F32", it.name, it.DType)
	}
	if it.Shape == nil || len(it.Offsets) != 2 {
		return d.malformed("%q: needs a shape and two data_offsets", it.name)
	}
	if len(it.Shape) > maxRank {
		return d.unsupported("%q: rank %d is above %d", it.name, len(it.Shape), maxRank)
	}
	span := it.Offsets[1] - it.Offsets[0]
	if it.Offsets[0] < 0 || span < 0 || it.Offsets[1] > d.size {
		return d.malformed("%q: data_offsets %v lie outside the file", it.name, it.Offsets)
	}
	left := span / int64(it.enc.Size())
	for _, n := range it.Shape {
		if n == 0 {
			return d.unsupported("%q: empty shape %v; drop the tensor from the file", it.name, it.Shape)
		}
		if n < 0 || left%n != 0 {
			return d.malformed("%q: shape %v does not fit %d bytes of %s", it.name, it.Shape, span, it.DType)
		}
		left /= n
	}
	if left != 1 || span%int64(it.enc.Size()) != 0 {
		return d.malformed("%q: shape %v does not fit %d bytes of %s", it.name, it.Shape, span, it.DType)
	}
	return nil
}

// tensor reads the elements of it, the next ones in the file.
func (d *decoder) tensor(it item) (*tensor.Tensor, error) {
	shape := make(tensor.Shape, len(it.Shape))
	for i, n := range it.Shape {
		shape[i] = int(n)
	}
	if !shape.Valid() {
		return nil, d.unsupported("%q: shape %v is too large for this machine", it.name, it.Shape)
	}
	t := tensor.New(it.enc.DType(), shape...)
	if d.buf == nil {
		d.buf = make([]byte, min(d.size, 1<<16)&^7) // whole elements of every encoding
	}
	for at, n := 0, t.Len(); at < n; {
		chunk := d.buf[:min(len(d.buf), (n-at)*it.enc.Size())]
		if err := d.fill(chunk); err != nil {
			return nil, err
		}
		if err := it.enc.Decode(t, at, chunk); err != nil {
			return nil, d.unsupported("%q: %v", it.name, err)
		}
		at += len(chunk) / it.enc.Size()
	}
	return t, nil
}
