package torchfile

import (
	"archive/zip"
	"io"
	"strings"
)

// zip reads the format of PyTorch 1.6: a zip archive of NAME/data.pkl, the saved
// object, and NAME/data/KEY, the storages, all stored without compression.
func (r *reader) zip() (any, opener, error) {
	z, err := zip.NewReader(r.r, r.size)
	if err != nil {
		return nil, nil, r.malformed("%v", err)
	}
	files := make(map[string]*zip.File, len(z.File))
	folder := ""
	for _, f := range z.File {
		if files[f.Name] != nil {
			return nil, nil, r.malformed("%s occurs twice in the archive", f.Name)
		}
		files[f.Name] = f
		if dir, ok := strings.CutSuffix(f.Name, "/data.pkl"); ok && !strings.Contains(dir, "/") {
			folder = dir
		}
	}
	if files[folder+"/data.pkl"] == nil {
		return nil, nil, r.malformed("the archive has no data.pkl: not a PyTorch checkpoint")
	}
	if err := r.byteOrder(files[folder+"/byteorder"]); err != nil {
		return nil, nil, err
	}
	code, err := r.member(files[folder+"/data.pkl"], maxPickle)
	if err != nil {
		return nil, nil, err
	}
	p, err := unpickle(code)
	if err != nil {
		return nil, nil, r.pickleError(err)
	}
	open := func(s *storage) (io.ReadCloser, error) { return r.stored(files[folder+"/data/"+s.key], s) }
	return p.value, open, nil
}

// byteOrder refuses the files of big-endian machines; f is nil before PyTorch
// 2.1.
func (r *reader) byteOrder(f *zip.File) error {
	if f == nil {
		return nil
	}
	order, err := r.member(f, 16)
	if err == nil && string(order) != "little" {
		err = r.unsupported("its byte order is %q, not little", order)
	}
	return err
}

// member returns the content of f, at most limit bytes.
func (r *reader) member(f *zip.File, limit uint64) ([]byte, error) {
	if f.UncompressedSize64 > limit {
		return nil, r.unsupported("%s takes %d bytes, more than %d: save model.state_dict() alone", f.Name, f.UncompressedSize64, limit)
	}
	rc, err := r.open(f)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		return nil, r.malformed("%s: %v", f.Name, err)
	}
	return b, nil
}

// open checks that f is inside the file and not compressed, so that its size is
// that of its content.
func (r *reader) open(f *zip.File) (io.ReadCloser, error) {
	if f.Method != zip.Store {
		return nil, r.unsupported("%s is compressed: load the file with PyTorch and save it again", f.Name)
	}
	if f.UncompressedSize64 > uint64(r.size) {
		return nil, r.malformed("%s claims %d bytes of a file of %d", f.Name, f.UncompressedSize64, r.size)
	}
	rc, err := f.Open()
	if err != nil {
		return nil, r.malformed("%s: %v", f.Name, err)
	}
	return rc, nil
}

// stored returns the elements of s in f.
func (r *reader) stored(f *zip.File, s *storage) (io.ReadCloser, error) {
	if f == nil {
		return nil, r.malformed("storage %q is missing", s.key)
	}
	if f.UncompressedSize64 != uint64(s.bytes()) {
		return nil, r.malformed("storage %q takes %d bytes, its tensors say %d", s.key, f.UncompressedSize64, s.bytes())
	}
	return r.open(f)
}
