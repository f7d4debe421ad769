package safetensors

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"mixq/tensor"
)

// Write writes tensors and metadata, which may be nil, to a file at path. Equal
// arguments give equal bytes. The file appears under its name only when it is
// complete; an error leaves what was there before.
func Write(path string, tensors map[string]*tensor.Tensor, metadata map[string]string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	err = save(f, tensors, metadata)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return nil
}

// save writes to the temporary file of Write.
func save(f *os.File, tensors map[string]*tensor.Tensor, metadata map[string]string) error {
	w := bufio.NewWriter(f)
	if err := encode(w, tensors, metadata); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	return f.Sync()
}

// Encode writes tensors and metadata, which may be nil, to w. The data is
// ordered by element size, largest first, and then by name, so that every
// element is aligned in the file, as the reference implementation does.
//
// The error is that of w, or names a tensor or metadata key that is not UTF-8.
func Encode(w io.Writer, tensors map[string]*tensor.Tensor, metadata map[string]string) error {
	if err := encode(w, tensors, metadata); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

func encode(w io.Writer, tensors map[string]*tensor.Tensor, metadata map[string]string) error {
	names := slices.SortedFunc(maps.Keys(tensors), func(a, b string) int {
		sa, sb := tensors[a].DType().Size(), tensors[b].DType().Size()
		return cmp.Or(cmp.Compare(sb, sa), cmp.Compare(a, b))
	})
	header, err := header(names, tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, name := range names {
		if err := binary.Write(w, binary.LittleEndian, elements(tensors[name])); err != nil {
			return err
		}
	}
	return nil
}

// header is the length and the JSON text, padded with spaces to a multiple of
// eight. encoding/json sorts the names.
func header(names []string, tensors map[string]*tensor.Tensor, metadata map[string]string) ([]byte, error) {
	entries := make(map[string]any, len(names)+1)
	var end int64
	for _, name := range names {
		if name == metadataKey || !utf8.ValidString(name) {
			return nil, fmt.Errorf("a tensor cannot be named %q", name)
		}
		t := tensors[name]
		e := entry{DType: dtypeName(t.DType()), Shape: []int64{}, Offsets: []int64{end, 0}}
		for _, n := range t.Shape() {
			e.Shape = append(e.Shape, int64(n))
		}
		end += int64(t.Len()) * int64(t.DType().Size())
		e.Offsets[1] = end
		entries[name] = e
	}
	for _, k := range slices.Sorted(maps.Keys(metadata)) {
		if !utf8.ValidString(k) || !utf8.ValidString(metadata[k]) {
			return nil, fmt.Errorf("metadata %q: %q is not UTF-8", k, metadata[k])
		}
	}
	if len(metadata) > 0 {
		entries[metadataKey] = metadata
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	text = append(text, bytes.Repeat([]byte(" "), -len(text)&7)...)
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

// dtypeName is the name of the first encoding that is read as d.
func dtypeName(d tensor.DType) string {
	i := slices.IndexFunc(encodings[:], func(r encoding) bool { return r.enc.DType() == d })
	return encodings[i].name
}

func elements(t *tensor.Tensor) any {
	switch t.DType() {
	case tensor.Int8:
		return t.Int8()
	case tensor.Uint8:
		return t.Uint8()
	case tensor.Int32:
		return t.Int32()
	case tensor.Int64:
		return t.Int64()
	}
	return t.Float32()
}
