package torchfile

import (
	"encoding/binary"
	"io"
)

// legacyMagic is the first of the five pickles of a legacy file, the integer
// 0x1950a86a20f9469cfc6c.
const legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// opener returns the elements of a storage, s.bytes() of them.
type opener func(s *storage) (io.ReadCloser, error)

// legacy reads the pickles after the magic number: protocol version, facts of
// the machine, the saved object, and the keys of the storages. Then follow the
// storages in the order of the keys, each as the number of its elements and the
// elements.
func (r *reader) legacy() (any, opener, error) {
	code, err := r.bytes(0, min(r.size, maxPickle))
	if err != nil {
		return nil, nil, err
	}
	at := len(legacyMagic)
	var p [4]pickled
	for i := range p {
		if p[i], err = unpickle(code[at:]); err != nil {
			return nil, nil, r.pickleError(err)
		}
		at += p[i].size
	}
	if p[0].value != int64(1001) {
		return nil, nil, r.unsupported("its protocol version is not 1001")
	}
	if facts, _ := p[1].value.(*dict); facts == nil || facts.get("little_endian") != true {
		return nil, nil, r.unsupported("it was saved on a big-endian machine")
	}
	keys, ok := p[3].value.(*list)
	if !ok {
		return nil, nil, r.malformed("the list of storages is missing")
	}
	offsets, err := r.offsets(int64(at), keys.items, p[2].storages)
	open := func(s *storage) (io.ReadCloser, error) {
		off, ok := offsets[s.key]
		if !ok {
			return nil, r.malformed("storage %q is missing", s.key)
		}
		return io.NopCloser(io.NewSectionReader(r.r, off, s.bytes())), nil
	}
	return p[2].value, open, err
}

// offsets walks over the storages from offset at on and notes where the
// elements of each begin.
func (r *reader) offsets(at int64, keys []any, storages map[string]*storage) (map[string]int64, error) {
	offsets := make(map[string]int64, len(keys))
	for _, k := range keys {
		key, _ := k.(string)
		s := storages[key]
		if s == nil {
			return nil, r.malformed("storage %q belongs to no tensor", key)
		}
		head, err := r.bytes(at, 8)
		if err != nil {
			return nil, err
		}
		if n := int64(binary.LittleEndian.Uint64(head)); n != s.elems {
			return nil, r.malformed("storage %q has %d elements, its tensors say %d", key, n, s.elems)
		}
		at += 8
		if s.bytes() > r.size-at {
			return nil, r.malformed("storage %q takes %d bytes, the file has %d left: truncated", key, s.bytes(), r.size-at)
		}
		offsets[key] = at
		at += s.bytes()
	}
	if at != r.size {
		return nil, r.malformed("%d bytes follow the last storage", r.size-at)
	}
	return offsets, nil
}

// pickleError adds the name of the file to an error of unpickle.
func (r *reader) pickleError(err error) error {
	if err == errEnds && r.size > maxPickle {
		return r.unsupported("its pickle is longer than %d bytes: save model.state_dict() alone", maxPickle)
	}
	if u, ok := err.(UnsupportedError); ok {
		return r.unsupported("%s", string(u))
	}
	return r.malformed("%s", string(err.(FormatError)))
}
