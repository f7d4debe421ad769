package torchfile

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"mixq/tensor"
)

// Write writes tensors as a checkpoint that torch.load reads as a dictionary, in
// the zip format. Equal arguments give equal bytes. The file appears under its
// name only when it is complete; an error leaves what was there before.
func Write(path string, tensors map[string]*tensor.Tensor) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("torchfile: %w", err)
	}
	err = save(f, tensors)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("torchfile: %s: %w", path, err)
	}
	return nil
}

// save writes to the temporary file of Write.
func save(f *os.File, tensors map[string]*tensor.Tensor) error {
	w := bufio.NewWriter(f)
	if err := encode(w, tensors); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Chmod(0o644)
}

// encode writes the archive: the pickle, its version, and each tensor's elements
// in a storage of its own.
func encode(w io.Writer, tensors map[string]*tensor.Tensor) error {
	z := zip.NewWriter(w)
	names := slices.Sorted(maps.Keys(tensors))
	pickle := []byte("\x80\x02}(")
	for i, name := range names {
		pickle = appendTensor(appendText(pickle, name), tensors[name], strconv.Itoa(i))
	}
	pickle = append(pickle, "u."...)
	if err := addMember(z, "data.pkl", pickle); err != nil {
		return err
	}
	for i, name := range names {
		if err := addMember(z, "data/"+strconv.Itoa(i), elements(tensors[name])); err != nil {
			return err
		}
	}
	if err := addMember(z, "version", []byte("3\n")); err != nil {
		return err
	}
	return z.Close()
}

// addMember adds a file to the archive, without compression.
func addMember(z *zip.Writer, name string, content any) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: zip.Store})
	if err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, content)
}

// storages are the storage classes that tensors are written as.
var storages = [...]string{tensor.Float32: "FloatStorage", tensor.Int8: "CharStorage", tensor.Uint8: "ByteStorage",
	tensor.Int32: "IntStorage", tensor.Int64: "LongStorage"}

// appendTensor appends the call that rebuilds t from the storage key.
func appendTensor(b []byte, t *tensor.Tensor, key string) []byte {
	b = append(b, "ctorch._utils\n_rebuild_tensor_v2\n(("...)
	b = append(appendText(b, "storage"), "ctorch\n"+storages[t.DType()]+"\n"...)
	b = appendInt(appendText(appendText(b, key), "cpu"), t.Len())
	b = appendInt(append(b, "tQ"...), 0)
	b = append(b, '(')
	for _, n := range t.Shape() {
		b = appendInt(b, n)
	}
	b = append(b, "t("...)
	stride := t.Len()
	for _, n := range t.Shape() {
		stride /= n
		b = appendInt(b, stride)
	}
	return append(b, "t\x89ccollections\nOrderedDict\n)RtR"...)
}

func appendText(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, 'X'), uint32(len(s)))
	return append(b, s...)
}

func appendInt(b []byte, n int) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 0x8a, 8), uint64(n))
}

// elements is the slice that t holds.
func elements(t *tensor.Tensor) any {
	switch t.DType() {
	case tensor.Float32:
		return t.Float32()
	case tensor.Int8:
		return t.Int8()
	case tensor.Uint8:
		return t.Uint8()
	case tensor.Int32:
		return t.Int32()
	}
	return t.Int64()
}
