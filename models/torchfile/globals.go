package torchfile

import "mixq/tensor"

// constructor builds the value of a call of a global.
type constructor func(m *machine, args tuple) any

// storageType is an element type by the name of its storage class.
type storageType struct {
	name string
	size int64           // bytes of an element
	enc  tensor.Encoding // 0 if tensors of this type are not read
}

// globals is the whitelist. What is inert occurs beside the state_dict in the
// checkpoints of common training scripts and is not looked at.
var globals = map[string]any{
	"collections.OrderedDict":         constructor(orderedDict),
	"torch._utils._rebuild_parameter": constructor(rebuildParameter),
	"torch._utils._rebuild_tensor":    constructor(rebuildTensor), // before PyTorch 0.4
	"torch._utils._rebuild_tensor_v2": constructor(rebuildTensor),

	"torch.BFloat16Storage": storageType{"BFloat16Storage", 2, tensor.EncBF16},
	"torch.BoolStorage":     storageType{"BoolStorage", 1, tensor.EncBool},
	"torch.ByteStorage":     storageType{"ByteStorage", 1, tensor.EncU8},
	"torch.CharStorage":     storageType{"CharStorage", 1, tensor.EncI8},
	"torch.DoubleStorage":   storageType{"DoubleStorage", 8, tensor.EncF64},
	"torch.FloatStorage":    storageType{"FloatStorage", 4, tensor.EncF32},
	"torch.HalfStorage":     storageType{"HalfStorage", 2, tensor.EncF16},
	"torch.IntStorage":      storageType{"IntStorage", 4, tensor.EncI32},
	"torch.LongStorage":     storageType{"LongStorage", 8, tensor.EncI64},
	"torch.ShortStorage":    storageType{"ShortStorage", 2, 0},

	"__builtin__.set":               inert{},
	"_codecs.encode":                inert{},
	"argparse.Namespace":            inert{},
	"collections.Counter":           inert{},
	"collections.defaultdict":       inert{},
	"numpy._core.multiarray.scalar": inert{},
	"numpy.core.multiarray.scalar":  inert{},
	"numpy.dtype":                   inert{},
	"torch.Size":                    inert{},
	"torch.device":                  inert{},
	"torch.bfloat16":                inert{},
	"torch.float16":                 inert{},
	"torch.float32":                 inert{},
	"torch.float64":                 inert{},
}

// global returns the value of a GLOBAL instruction.
func (m *machine) global(module, name string) any {
	g, ok := globals[module+"."+name]
	if !ok {
		m.unsupported("it refers to %s.%s: load the file with PyTorch and save model.state_dict() alone", module, name)
	}
	return g
}

func orderedDict(m *machine, args tuple) any {
	if len(args) > 0 {
		m.unsupported("an OrderedDict of Python 2: load the file with PyTorch and save it again")
	}
	return &dict{}
}

// storage is the array that a tensor is a view of. Its elements are outside the
// pickle.
type storage struct {
	storageType
	key   string
	elems int64
}

// bytes is the size of the elements in the file.
func (s *storage) bytes() int64 { return s.elems * s.size }

// persistent returns the storage that a persistent identifier names:
// ('storage', class, key, device, elements), in legacy files followed by None.
func (m *machine) persistent(id any) any {
	t, _ := id.(tuple)
	if len(t) < 5 || t[0] != "storage" {
		m.malformed("a persistent identifier is no storage")
		return nil
	}
	class, ok1 := t[1].(storageType)
	key, ok2 := t[2].(string)
	elems, ok3 := t[4].(int64)
	if !ok1 || !ok2 || !ok3 || elems < 0 || elems > maxElems {
		m.malformed("a storage is malformed")
		return nil
	}
	if len(t) > 5 && t[5] != nil {
		m.unsupported("storage %q is a view of another one: load the file with PyTorch and save it again", key)
		return nil
	}
	s := &storage{class, key, elems}
	old, ok := m.storages[key]
	if !ok {
		m.storages[key] = s
		return s
	}
	if *old != *s {
		m.malformed("storage %q is described in two ways", key)
	}
	return old
}

// maxElems bounds the elements of a storage so that its bytes do not overflow.
const maxElems = 1 << 59

// view is a tensor: element (i, j, ...) is number offset + i·stride[0] +
// j·stride[1] + ... of the storage.
type view struct {
	*storage
	offset        int64
	shape, stride []int64
}

func rebuildTensor(m *machine, args tuple) any {
	if len(args) < 4 {
		m.malformed("a tensor needs storage, offset, size and stride")
		return nil
	}
	s, ok1 := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := ints(args[2])
	stride, ok4 := ints(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(stride) {
		m.malformed("a tensor is malformed")
		return nil
	}
	return &view{s, offset, shape, stride}
}

func rebuildParameter(m *machine, args tuple) any {
	if len(args) > 0 {
		if v, ok := args[0].(*view); ok {
			return v
		}
	}
	m.malformed("a parameter has no tensor")
	return nil
}

// ints converts a tuple of integers.
func ints(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	out := make([]int64, len(t))
	for i, e := range t {
		n, isInt := e.(int64)
		out[i], ok = n, ok && isInt
	}
	return out, ok
}
