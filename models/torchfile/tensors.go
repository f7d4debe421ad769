package torchfile

import (
	"io"
	"math"
	"slices"
	"strings"

	"mixq/tensor"
)

const maxRank = 8

// nestings are the keys under which training scripts keep the state_dict, most
// telling first.
var nestings = []string{"state_dict", "model_state_dict", "model", "net"}

// wrappers are prefixes that wrapping modules put before every name.
var wrappers = []string{"module.", "_orig_mod."}

// get returns the value under key, or nil.
func (d *dict) get(key string) any {
	for _, p := range d.items {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// named is an entry of a state_dict.
type named struct {
	name string
	*view
}

// stateDict finds the state_dict in the saved object.
func (r *reader) stateDict(root any) ([]named, error) {
	d, ok := root.(*dict)
	if !ok {
		return nil, r.malformed("it holds no dictionary: save model.state_dict()")
	}
	for range 4 { // a dictionary can contain itself
		d = nested(d)
	}
	var views []named
	for _, p := range d.items {
		name, isName := p.key.(string)
		if v, ok := p.value.(*view); ok && isName {
			views = append(views, named{name, v})
		}
	}
	if len(views) == 0 {
		return nil, r.malformed("it holds no state_dict: save model.state_dict()")
	}
	for unwrap(views) {
	}
	return views, nil
}

// nested returns the dictionary that d keeps under one of the nestings, or d.
func nested(d *dict) *dict {
	for _, key := range nestings {
		if inner, ok := d.get(key).(*dict); ok {
			return inner
		}
	}
	return d
}

// unwrap removes a wrapper's prefix if all names have it, and says whether.
func unwrap(views []named) bool {
	for _, w := range wrappers {
		if slices.ContainsFunc(views, func(n named) bool { return !strings.HasPrefix(n.name, w) }) {
			continue
		}
		for i := range views {
			views[i].name = views[i].name[len(w):]
		}
		return true
	}
	return false
}

// tensors reads the storages of the views and makes the views contiguous.
func (r *reader) tensors(views []named, open opener) (map[string]*tensor.Tensor, error) {
	out := make(map[string]*tensor.Tensor, len(views))
	flat := map[*storage]*tensor.Tensor{}
	stored, copied := r.size, r.size // bytes and elements that the file still justifies
	for _, v := range views {
		if out[v.name] != nil {
			return nil, r.malformed("%q occurs twice", v.name)
		}
		n, err := r.check(v)
		if err != nil {
			return nil, err
		}
		if flat[v.storage] == nil {
			if stored -= v.bytes(); stored < 0 {
				return nil, r.malformed("%q: the storages claim more bytes than the file has", v.name)
			}
			if flat[v.storage], err = r.load(v, open); err != nil {
				return nil, err
			}
		}
		if !v.contiguous() {
			if copied -= n; copied < 0 {
				return nil, r.unsupported("%q: too many views of one storage: save contiguous tensors", v.name)
			}
		}
		out[v.name] = v.tensor(flat[v.storage], int(n))
	}
	return out, nil
}

// check proves that v lies within its storage and returns the number of its
// elements, which is at most that of the storage.
func (r *reader) check(v named) (int64, error) {
	if v.enc == 0 {
		return 0, r.unsupported("%q: a torch.%s: convert it to float32", v.name, v.storageType.name)
	}
	if len(v.shape) > maxRank {
		return 0, r.unsupported("%q: rank %d is above %d", v.name, len(v.shape), maxRank)
	}
	if v.elems > math.MaxInt/8 {
		return 0, r.unsupported("%q: %d elements are too many for this machine", v.name, v.elems)
	}
	last, n := v.offset, int64(1)
	for i, size := range v.shape {
		stride := v.stride[i]
		if size == 0 {
			return 0, r.unsupported("%q: empty shape %v: drop the tensor from the file", v.name, v.shape)
		}
		if size < 0 || stride < 0 || v.offset < 0 || stride > 0 && size-1 > (v.elems-1)/stride {
			return 0, r.malformed("%q: shape %v with strides %v exceeds the storage of %d elements", v.name, v.shape, v.stride, v.elems)
		}
		if n > v.elems/size {
			return 0, r.unsupported("%q: shape %v is expanded from %d elements: save v.contiguous()", v.name, v.shape, v.elems)
		}
		last, n = last+(size-1)*stride, n*size
	}
	if last < 0 || last >= v.elems {
		return 0, r.malformed("%q: shape %v with strides %v exceeds the storage of %d elements", v.name, v.shape, v.stride, v.elems)
	}
	return n, nil
}

// load reads the storage of v.
func (r *reader) load(v named, open opener) (*tensor.Tensor, error) {
	rc, err := open(v.storage)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	t := tensor.New(v.enc.DType(), int(v.elems))
	buf := make([]byte, min(v.bytes(), 1<<16)) // whole elements of every encoding
	for at, n := 0, int(v.elems); at < n; {
		chunk := buf[:min(len(buf), (n-at)*int(v.size))]
		if _, err := io.ReadFull(rc, chunk); err != nil {
			return nil, r.malformed("%q: %v", v.name, err)
		}
		if err := v.enc.Decode(t, at, chunk); err != nil {
			return nil, r.unsupported("%q: %v", v.name, err)
		}
		at += len(chunk) / int(v.size)
	}
	if _, err := io.Copy(io.Discard, rc); err != nil { // the end, where a zip compares its checksum
		return nil, r.malformed("%q: %v", v.name, err)
	}
	return t, nil
}

// contiguous reports whether v is a range of its storage in row-major order.
// The stride of a dimension of size 1 means nothing.
func (v *view) contiguous() bool {
	want := int64(1)
	for i, size := range slices.Backward(v.shape) {
		if size != 1 && v.stride[i] != want {
			return false
		}
		want *= size
	}
	return true
}

// tensor returns v, of n elements, of the storage in flat: a part of it where
// v is contiguous, otherwise a copy.
func (v *view) tensor(flat *tensor.Tensor, n int) *tensor.Tensor {
	shape := make([]int, len(v.shape))
	for i, size := range v.shape {
		shape[i] = int(size)
	}
	if v.contiguous() {
		return flat.Slice(int(v.offset), int(v.offset)+n).Reshape(shape...)
	}
	out := tensor.New(flat.DType(), shape...)
	switch out.DType() {
	case tensor.Float32:
		gather(out.Float32(), flat.Float32(), v)
	case tensor.Int8:
		gather(out.Int8(), flat.Int8(), v)
	case tensor.Uint8:
		gather(out.Uint8(), flat.Uint8(), v)
	case tensor.Int32:
		gather(out.Int32(), flat.Int32(), v)
	case tensor.Int64:
		gather(out.Int64(), flat.Int64(), v)
	}
	return out
}

// gather copies the elements of v in row-major order.
func gather[T any](dst, src []T, v *view) {
	index := make([]int64, len(v.shape))
	at := v.offset
	for i := range dst {
		dst[i] = src[at]
		for d := len(index) - 1; d >= 0; d-- {
			index[d]++
			at += v.stride[d]
			if index[d] < v.shape[d] {
				break
			}
			at -= index[d] * v.stride[d]
			index[d] = 0
		}
	}
}
