// Package torchfile reads and writes the tensors of PyTorch checkpoints: files of
// torch.save in the zip format (since PyTorch 1.6) and in the older format of
// consecutive pickles.
//
// A pickle is a program. This package runs a closed set of its instructions
// that can only build tuples, lists and dictionaries, and a whitelist of
// globals, none of which calls anything; all else is an error. What is read is
// the state_dict: see Read.
//
// Reading is bounded by the size of the file. Values are not judged: NaNs and
// infinities pass. Files of big-endian machines are refused.
package torchfile

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"mixq/tensor"
)

// FormatError reports data that is not a well-formed PyTorch checkpoint.
type FormatError string

func (e FormatError) Error() string { return "torchfile: " + string(e) }

// UnsupportedError reports a checkpoint with a feature that this package does
// not read.
type UnsupportedError string

func (e UnsupportedError) Error() string { return "torchfile: " + string(e) }

// Read reads the state_dict of the checkpoint at path: the dictionary of
// tensors that was saved, or the one under the key "state_dict",
// "model_state_dict", "model" or "net". The prefix "module." that DataParallel
// puts before every name is removed, and so is "_orig_mod." of torch.compile.
// Other entries (epoch, optimizer) are ignored.
//
// Half, bfloat16 and double tensors become Float32, booleans Uint8. Tensors
// that are views of one storage share their elements in the result, too.
func Read(path string) (map[string]*tensor.Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("torchfile: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("torchfile: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, FormatError(path + ": not a regular file")
	}
	r := reader{where: path + ": ", r: f, size: info.Size()}
	return r.read()
}

// Decode is Read for a file of size bytes in r. The caller vouches for size: it
// bounds what is allocated.
func Decode(r io.ReaderAt, size int64) (map[string]*tensor.Tensor, error) {
	d := reader{r: r, size: size}
	return d.read()
}

// reader reads one checkpoint.
type reader struct {
	where string // prefix of error texts
	r     io.ReaderAt
	size  int64 // bytes of the whole file
}

func (r *reader) malformed(format string, args ...any) error {
	return FormatError(r.where + fmt.Sprintf(format, args...))
}

func (r *reader) unsupported(format string, args ...any) error {
	return UnsupportedError(r.where + fmt.Sprintf(format, args...))
}

func (r *reader) read() (map[string]*tensor.Tensor, error) {
	head, err := r.bytes(0, min(r.size, int64(len(legacyMagic))))
	if err != nil {
		return nil, err
	}
	var root any
	var open opener
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		root, open, err = r.zip()
	case bytes.Equal(head, []byte(legacyMagic)):
		root, open, err = r.legacy()
	default:
		return nil, r.malformed("neither a zip nor a legacy PyTorch checkpoint")
	}
	if err != nil {
		return nil, err
	}
	views, err := r.stateDict(root)
	if err != nil {
		return nil, err
	}
	return r.tensors(views, open)
}

// bytes reads n bytes at offset off. The caller has checked n against the size
// of the file or a constant.
func (r *reader) bytes(off, n int64) ([]byte, error) {
	b := make([]byte, n)
	if k, err := r.r.ReadAt(b, off); int64(k) < n {
		return nil, r.malformed("%d bytes at offset %d: %v", n, off, err)
	}
	return b, nil
}
